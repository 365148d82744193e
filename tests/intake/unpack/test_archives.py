"""What was packed comes out as it went in, under its own name, or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.unpack.archives import Leaf, Limits, unpack

COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def named(names: list[bytes]) -> bytes:
    """A ZIP that does not say in which encoding its names are."""
    places = [chr(ord("A") + number) * len(name) for number, name in enumerate(names)]
    content = zipped(dict.fromkeys(places, b"a,b\n1,2\n"))
    for place, name in zip(places, names, strict=True):
        content = content.replace(place.encode(), name)
    return content


def tarred(members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def open_bytes(folder: Path, content: bytes, name: str = "upload", limits: Limits | None = None) -> list[Leaf]:
    """Unpack, and see that a failure leaves nothing behind."""
    path = folder / "upload"
    path.write_bytes(content)
    target = folder / "unpacked"
    target.mkdir(exist_ok=True)
    try:
        return unpack(path, name, target, limits or Limits())
    except (TooLargeError, UnreadableFileError):
        assert list(target.iterdir()) == []
        assert sorted(folder.iterdir()) == [target, path]
        raise


def contents(leaves: list[Leaf]) -> dict[tuple[str, ...], bytes]:
    return {leaf.members: leaf.path.read_bytes() for leaf in leaves}


def labels(leaves: list[Leaf]) -> list[str]:
    return ["!".join(leaf.members) for leaf in leaves]


def rules(leaves: list[Leaf]) -> list[str]:
    return [decision.rule for decision in leaves[0].decisions]


PART = st.text("abc-_é 市表ß", min_size=1, max_size=12).map(str.strip).filter(bool)
TREES = st.dictionaries(
    st.lists(PART, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".csv"),
    st.binary(max_size=300).map(lambda data: b"a,b\n" + data.translate(None, bytes(range(32)))),
    min_size=1,
    max_size=5,
)


@given(tree=TREES, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))
def test_any_files_zipped_come_out_the_same(tree: dict[str, bytes], method: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = contents(open_bytes(Path(folder), zipped(tree, method)))
    assert found == {(name,): content for name, content in tree.items()}


@given(
    tree=TREES,
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    suffix=st.sampled_from(["", *COMPRESSORS]),
    long=st.booleans(),
)
def test_any_files_in_a_tar_come_out_the_same(tree: dict[str, bytes], form: int, suffix: str, long: bool) -> None:
    tree = {"long/" * 40 * long + name: content for name, content in tree.items()}
    packed = tarred(tree, form)
    layers: tuple[str, ...] = ()
    if suffix:
        packed, layers = COMPRESSORS[suffix](packed), ("all.tar",)
    with tempfile.TemporaryDirectory() as folder:
        found = contents(open_bytes(Path(folder), packed, f"all.tar{suffix}"))
    assert found == {(*layers, name): content for name, content in tree.items()}


@given(content=st.binary(max_size=2000), suffix=st.sampled_from(list(COMPRESSORS)), times=st.integers(1, 3))
def test_any_bytes_compressed_in_streams_come_out_the_same(content: bytes, suffix: str, times: int) -> None:
    content = b"a,b\n" + content.translate(None, bytes(range(32)))
    with tempfile.TemporaryDirectory() as folder:
        found = contents(open_bytes(Path(folder), COMPRESSORS[suffix](content) * times, f"table.csv{suffix}"))
    assert found == {("table.csv",): content * times}


@pytest.mark.parametrize("suffix", list(COMPRESSORS))
def test_a_compressed_file_cut_off_anywhere_is_refused(suffix: str, tmp_path: Path) -> None:
    packed = COMPRESSORS[suffix](b"".join(b"%d,%d\n" % (n, n * n) for n in range(3000)))
    for length in range(12, len(packed), max(1, len(packed) // 60)):
        with pytest.raises(UnreadableFileError, match="cut off"):
            open_bytes(tmp_path, packed[:length], f"t.csv{suffix}")


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_bytes_after_a_compressed_file_are_passed_over_and_told(suffix: str, tmp_path: Path) -> None:
    padded = open_bytes(tmp_path, COMPRESSORS[suffix](b"a\n1\n") + bytes(512), "t.csv" + suffix)
    assert rules(padded) == []
    found = open_bytes(tmp_path, COMPRESSORS[suffix](b"a\n1\n") + b"garbage", "t.csv" + suffix)
    assert [*contents(found).values()] == [b"a\n1\n"]
    assert rules(found) == ["trailing-bytes"]


def test_a_file_that_is_no_container_is_left_where_it_lies(tmp_path: Path) -> None:
    found = open_bytes(tmp_path, b"a,b\n")
    assert [(leaf.members, leaf.path) for leaf in found] == [((), tmp_path / "upload")]


def test_tables_are_found_three_containers_deep_and_no_deeper(tmp_path: Path) -> None:
    book = zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""})
    nested = zipped({"b.zip": zipped({"c/d.xlsx": book, "e.pdf": b"%PDF-1.4"}), "f.csv.gz": gzip.compress(b"a")})
    found = open_bytes(tmp_path, nested)
    assert [(leaf.members, leaf.kind.form) for leaf in found] == [
        (("b.zip", "c/d.xlsx"), "xlsx"),
        (("b.zip", "e.pdf"), "pdf"),
        (("f.csv.gz", "f.csv"), "csv"),
    ]
    assert sorted(leaf.path for leaf in found) == sorted((tmp_path / "unpacked").iterdir())
    for leaf in found:
        leaf.path.unlink()
    assert labels(open_bytes(tmp_path, zipped({"a.zip": zipped({"b.zip": book[:0] + zipped({"c.csv": b"a"})})}))) == [
        "a.zip!b.zip!c.csv"
    ]
    for path in (tmp_path / "unpacked").iterdir():
        path.unlink()
    with pytest.raises(TooLargeError, match="inside too many nested archives"):
        open_bytes(tmp_path, gzip.compress(zipped({"a.zip": zipped({"b.zip": zipped({"c.csv": b"a"})})})))


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ["2023年统计表.csv", "分省/数据.csv"]),
        ("gb18030", ["学生.csv"]),
        ("big5hkscs", ["臺北市公共廁所清單.csv", "資料/說明文件.csv"]),
        ("cp932", ["データ一覧.csv", "統計/ひらがな.csv"]),
        ("cp949", ["서울특별시인구통계.csv"]),
        ("cp437", ["Données/Été.csv", "Größe.csv"]),
        ("utf-8", ["2023年统计表.csv", "Données.csv"]),
    ],
)
def test_names_without_a_declared_encoding_are_proved(encoding: str, names: list[str], tmp_path: Path) -> None:
    found = open_bytes(tmp_path, named([name.encode(encoding) for name in names]))
    assert labels(found) == names
    assert found[0].decisions[0].details["encoding"] == encoding.upper()


def test_a_name_that_breaks_its_declared_encoding_is_read_all_the_same(tmp_path: Path) -> None:
    content = zipped({"统计.csv": b"a"}).replace("统计".encode(), "统计局".encode("gb18030"))
    assert labels(open_bytes(tmp_path, content)) == ["统计局.csv"]


def test_the_unicode_name_of_info_zip_counts_if_it_belongs_to_the_name(tmp_path: Path) -> None:
    raw, name = b"xx.csv", "统计.csv".encode()
    for crc, told in ((zlib.crc32(raw), "统计.csv"), (1, "xx.csv")):
        info = zipfile.ZipInfo(raw.decode())
        info.extra = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, crc) + name
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(info, b"a")
        assert labels(open_bytes(tmp_path, buffer.getvalue())) == [told]


def test_what_computers_leave_behind_is_left_out_and_told(tmp_path: Path) -> None:
    names = ["__MACOSX/._a.csv", "a.csv", "d/.DS_Store", "d/Thumbs.db", "~$b.xlsx", "d/"]
    found = open_bytes(tmp_path, zipped(dict.fromkeys(names, b"")))
    assert labels(found) == ["a.csv"]
    [decision] = found[0].decisions
    assert decision.rule == "member-skipped"
    assert decision.details["count"] == 4
    assert "Thumbs.db" in decision.describe()["text"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_elsewhere_are_labels_only(pack: Callable[..., bytes], tmp_path: Path) -> None:
    names = ["../../evil.csv", "/etc/evil.csv", "C:\\Windows\\x.csv", "a/./../b.csv", "..", "e\u202evsc.exe"]
    found = open_bytes(tmp_path, pack(dict.fromkeys(names, b"a")))
    assert labels(found) == ["evil.csv", "etc/evil.csv", "Windows/x.csv", "a/b.csv", "\ufffd", "e\ufffdvsc.exe"]
    assert {leaf.path.parent for leaf in found} == {tmp_path / "unpacked"}


def test_files_of_the_same_name_are_both_there(tmp_path: Path) -> None:
    content = zipped({"a.csv": b"1", "b.csv": b"2", "c.csv": b"3"})
    found = open_bytes(tmp_path, content.replace(b"b.csv", b"a.csv").replace(b"c.csv", b"a.csv"))
    assert labels(found) == ["a.csv", "a.csv (2)", "a.csv (3)"]
    assert [*contents(found).values()] == [b"1", b"2", b"3"]
    assert rules(found) == ["member-twins"]


def with_flags(content: bytes, flags: int) -> bytes:
    at = content.index(b"PK\x01\x02")
    return content[: at + 8] + struct.pack("<H", flags) + content[at + 10 :]


def with_method(content: bytes, method: int) -> bytes:
    at = content.index(b"PK\x01\x02")
    return content[: at + 10] + struct.pack("<H", method) + content[at + 12 :]


def with_size(content: bytes, size: int) -> bytes:
    at = content.index(b"PK\x01\x02")
    return content[: at + 24] + struct.pack("<L", size) + content[at + 28 :]


def linked_zip() -> bytes:
    info = zipfile.ZipInfo("link.csv")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ok.csv", "a")
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def special_tar(kind: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("link.csv")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


ONE = zipped({"a.csv": b"a,b\n" * 100})


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (with_flags(ONE, 1), UnreadableFileError, "password"),
        (with_method(ONE, 9), UnreadableFileError, "Deflate64"),
        (with_method(ONE, 77), UnreadableFileError, "77"),
        (with_size(ONE, 5), UnreadableFileError, "damaged"),
        (with_size(ONE, 4000), UnreadableFileError, "damaged"),
        (with_size(ONE, 1 << 31), TooLargeError, "times as large"),
        (ONE[:-30], UnreadableFileError, "cut off"),
        (ONE.replace(ONE[40:44], b"\xff\xff\xff\xff"), UnreadableFileError, "damaged"),
        (zipped({}), UnreadableFileError, "no file"),
        (zipped({"__MACOSX/x": b""}), UnreadableFileError, "no file"),
        (linked_zip(), UnreadableFileError, "link"),
        *((special_tar(kind), UnreadableFileError, "link") for kind in (b"1", b"2", b"3", b"6")),
        (tarred({"a.csv": b"a" * 2000})[:1500], UnreadableFileError, "cut off"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_with_the_reason(
    content: bytes, error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        open_bytes(tmp_path, content)


def test_more_bytes_than_the_limit_are_refused_over_all_layers(tmp_path: Path) -> None:
    half = os.urandom(600_000)
    limits = Limits(total_bytes=1 << 20)
    assert len(open_bytes(tmp_path, zipped({"a": half}), limits=limits)) == 1
    for path in (tmp_path / "unpacked").iterdir():
        path.unlink()
    for packed in (zipped({"a": half, "b": half}), zipped({"a.gz": gzip.compress(half)}), gzip.compress(half * 2)):
        with pytest.raises(TooLargeError, match="larger than 1 MB"):
            open_bytes(tmp_path, packed, limits=limits)


def test_a_ratio_no_table_has_is_refused_only_when_it_is_large(tmp_path: Path) -> None:
    assert len(open_bytes(tmp_path, gzip.compress(b"0\n" * 4_000_000))) == 1
    for path in (tmp_path / "unpacked").iterdir():
        path.unlink()
    with pytest.raises(TooLargeError, match="200 times"):
        open_bytes(tmp_path, gzip.compress(b"0\n" * 8_000_000))


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    limits = Limits(entries=20)
    for pack in (zipped, tarred):
        many = pack({f"{number}.csv": b"a" for number in range(21)})
        with pytest.raises(TooLargeError, match="more than 20 files"):
            open_bytes(tmp_path, many, limits=limits)
        folders = pack({f"__MACOSX/{number}": b"" for number in range(201)})
        with pytest.raises(TooLargeError, match="more than 20 files"):
            open_bytes(tmp_path, folders, limits=limits)


def test_a_false_end_in_the_comment_does_not_hide_the_files(tmp_path: Path) -> None:
    buffer = io.BytesIO(ONE)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"PK\x05\x06" + bytes(18) + b"more"
    assert labels(open_bytes(tmp_path, buffer.getvalue())) == ["a.csv"]


def test_zip64_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(b"a,b\n")
    content = buffer.getvalue()
    # The directory of a small archive has no 64-bit values: put them there by hand.
    at, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    packed, size = struct.unpack_from("<2L", content, at + 20)
    extra = struct.pack("<2H3Q", 1, 24, size, packed, 0)
    entry = bytearray(content[at:end] + extra)
    struct.pack_into("<2L", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entry), at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(entry), 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert [*contents(open_bytes(tmp_path, content[:at] + entry + record + locator + last)).values()] == [b"a,b\n"]


@given(
    pack=st.sampled_from([zipped, tarred]),
    suffix=st.sampled_from(["", *COMPRESSORS]),
    damage=st.dictionaries(st.integers(0, 2000), st.integers(0, 255), max_size=12),
    length=st.integers(1, 4000),
)
def test_any_damage_is_refused_or_harmless(
    pack: Callable[..., bytes], suffix: str, damage: dict[int, int], length: int
) -> None:
    content = pack({"市.csv": b"a,b\n1,2\n" * 9, "d/e.csv": b"a", "f.zip": zipped({"g.csv": b"1"})})
    packed = bytearray(COMPRESSORS[suffix](content) if suffix else content)
    for place, value in damage.items():
        packed[place % len(packed)] = value
    with tempfile.TemporaryDirectory() as folder:
        try:
            open_bytes(Path(folder), bytes(packed[:length]))
        except (TooLargeError, UnreadableFileError):
            pass  # open_bytes has seen that nothing is left behind
