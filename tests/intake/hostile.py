"""Files built to break a reader: each builder fills a folder with one or more of them. Nothing is stored.

`HOSTILE` names them all, with the outcome each must have (None where a table, or any of the three errors, will do).
Where a file is hostile by its size, the builder takes `part`: 1 for the size that is too large for us, 10 for a tenth,
which is too large for a tenth of our limits, a fraction for larger ones.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from fractions import Fraction
from inspect import signature
from pathlib import Path
from typing import NamedTuple

from tests.intake.samples import MAIN, ROWS, ods_of, samples, sheet_of, workbook_parts, zipped

Builder = Callable[..., None]


class Hostile(NamedTuple):
    """How files are built, the outcome they must have, and whether it is by their size."""

    builder: Builder
    outcome: str | None
    is_large: bool

    def build(self, folder: Path, part: Fraction | int) -> list[Path]:
        """Fill a new folder; the files in it."""
        folder.mkdir()
        self.builder(folder, **({"part": part} if self.is_large else {}))
        return sorted(folder.iterdir())


HOSTILE: dict[str, Hostile] = {}
_TOO_LARGE, _UNREADABLE, _NO_TABLE = "TooLargeError", "UnreadableFileError", "UnsupportedFormatError"


def hostile(outcome: str | None = None) -> Callable[[Builder], Builder]:
    def register(build: Builder) -> Builder:
        HOSTILE[build.__name__] = Hostile(build, outcome, "part" in signature(build).parameters)
        return build

    return register


def local_header(name: bytes, crc: int, packed: int, size: int) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0x21, crc, packed, size, len(name), 0) + name


def central_header(name: bytes, crc: int, packed: int, size: int, offset: int) -> bytes:
    fields = (b"PK\x01\x02", 20, 0, 20, 0, 0, 8, 0, 0x21, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4s4B4HL2L5H2L", *fields) + name


def archive_of(body: bytes, entries: list[bytes]) -> bytes:
    directory = b"".join(entries)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return body + directory + end


def deflate_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


# ---------------------------------------------------------------------------------------------------------- bombs


@hostile(_TOO_LARGE)
def compressed_bombs_of_10_gb(folder: Path, part: Fraction | int) -> None:
    import pyarrow as pa

    zeros = bytes(100_000_000 // part)
    for suffix, packed in {
        "gz": gzip.compress(zeros),
        "bz2": bz2.compress(zeros),
        "xz": lzma.compress(zeros, preset=0),
        "zst": pa.compress(zeros, codec="zstd", asbytes=True),
    }.items():
        (folder / f"bomb.csv.{suffix}").write_bytes(packed * 100)


@hostile(_TOO_LARGE)
def endless_empty_streams(folder: Path) -> None:
    (folder / "empty.csv.gz").write_bytes(gzip.compress(b"") * 200_000)


@hostile(_TOO_LARGE)
def nested_zip_bombs(folder: Path, part: Fraction | int) -> None:
    inner = zipped({"a.csv": bytes(100_000_000 // part)})
    for level in range(6):
        inner = zipped({f"{number}.zip": inner for number in range(10)})
        (folder / f"level-{level}.zip").write_bytes(inner)


@hostile(_TOO_LARGE)
def many_tiny_members(folder: Path) -> None:
    (folder / "tiny.zip").write_bytes(zipped({f"{number}.csv": b"a" for number in range(20_000)}))


@hostile(_UNREADABLE)
def one_body_for_all_entries(folder: Path) -> None:
    data = bytes(5_000_000)
    packed, crc = deflate_raw(data), zlib.crc32(data)
    names = [b"%d.csv" % number for number in range(1500, 1600)]
    body = local_header(names[0], crc, len(packed), len(data)) + packed
    entries = [central_header(name, crc, len(packed), len(data), 0) for name in names]
    (folder / "overlap.zip").write_bytes(archive_of(body, entries))


@hostile(_UNREADABLE)
def headers_quoted_as_data(folder: Path) -> None:
    """Each file holds the headers of those after it, as blocks that are not compressed, and then the same kernel."""
    content = bytes(200_000)
    body, crc, size = deflate_raw(content), zlib.crc32(content), len(content)
    chain: list[tuple[bytes, int, int, int, int]] = []
    for number in range(40, 0, -1):
        name = b"%03d.csv" % number
        header = local_header(name, crc, len(body), size)
        chain.append((name, crc, len(body), size, len(header) + len(body)))
        content = header + content
        body = b"\0" + struct.pack("<2H", len(header), 0xFFFF - len(header)) + header + body
        crc, size = zlib.crc32(content), len(content)
    total = chain[-1][4]
    whole = body[5:]
    entries = [central_header(name, code, packed, plain, total - length) for name, code, packed, plain, length in chain]
    (folder / "quoted.zip").write_bytes(archive_of(whole, entries))


@hostile()
def sizes_that_lie(folder: Path, part: Fraction | int) -> None:
    data = bytes(50_000_000 // part)
    packed, crc = deflate_raw(data), zlib.crc32(data)
    for said in (10, 1 << 20, 0xFFFFFFFE):
        body = local_header(b"a.csv", crc, len(packed), said) + packed
        entry = central_header(b"a.csv", crc, len(packed), said, 0)
        (folder / f"{said}.zip").write_bytes(archive_of(body, [entry]))


@hostile()
def workbook_of_a_billion_blanks(folder: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head, tail = sheet_of(ROWS).encode().split(b"</sheetData>")
    blanks = b" " * (1 << 24)
    chunk = zlib.compressobj(9, zlib.DEFLATED, -15)
    repeated = chunk.compress(blanks) + chunk.flush(zlib.Z_FULL_FLUSH)
    tail = b"</sheetData>" + tail
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + repeated * 64 + deflate_raw(tail)
    crc = zlib.crc32(head)
    for _ in range(64):
        crc = zlib.crc32(blanks, crc)
    crc = zlib.crc32(tail, crc)
    body, entries = b"", []
    parts = {name: text.encode() for name, text in workbook_parts("").items() if isinstance(text, str)}
    for name, text in parts.items():
        is_sheet = "sheet1" in name
        data = packed if is_sheet else deflate_raw(text)
        values = (crc, len(data), len(head) + len(tail) + 64 * len(blanks)) if is_sheet else ()
        values = values or (zlib.crc32(text), len(data), len(text))
        entries.append(central_header(name.encode(), *values, len(body)))
        body += local_header(name.encode(), *values) + data
    (folder / "blanks.xlsx").write_bytes(archive_of(body, entries))


@hostile(_UNREADABLE)
def workbooks_of_many_sheets(folder: Path, part: Fraction | int) -> None:
    """Each sheet takes as much work as the first: they share texts and styles."""
    count = max(200, 2000 // part)
    strings = f'<sst xmlns="{MAIN}">' + "<si><t>a</t></si>" * 20_000 + "</sst>"
    parts = workbook_parts(sheet_of('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), strings)
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r0"/>' for n in range(1, count + 1))
    book = str(parts["xl/workbook.xml"])
    parts["xl/workbook.xml"] = book.replace('<sheet name="S" sheetId="1" r:id="r0"/>', listed)
    (folder / "sheets.xlsx").write_bytes(zipped(parts))
    table = '<Table><Row><Cell><Data ss:Type="String">a</Data></Cell></Row></Table>'
    sheets = "".join(f'<Worksheet ss:Name="S{n}">{table}</Worksheet>' for n in range(count))
    names = " ".join(f'{name}="urn:schemas-microsoft-com:office:spreadsheet"' for name in ("xmlns", "xmlns:ss"))
    (folder / "sheets.xml").write_text(f'<?xml version="1.0"?><Workbook {names}>{sheets}</Workbook>')


@hostile(_TOO_LARGE)
def workbooks_that_repeat_texts(folder: Path, part: Fraction | int) -> None:
    long = "x" * (10_000_000 // part)
    cell = f'<table:table-cell office:value-type="string"{{}}><text:p>{long[:500_000]}</text:p></table:table-cell>'
    for name, rows, columns in (("columns", 1, 16_000), ("rows", 1_000_000, 1), ("both", 1000, 1000)):
        repeated = cell.format(f' table:number-columns-repeated="{columns}"')
        row = f'<table:table-row table:number-rows-repeated="{rows}">{repeated}</table:table-row>'
        (folder / f"{name}.ods").write_bytes(ods_of(f'<table:table table:name="S">{row}</table:table>'))
    far = '<table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>'
    blank = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    tables = f'<table:table table:name="S">{far}{blank}{far}</table:table>' * 10
    (folder / "tables.ods").write_bytes(ods_of(tables))
    strings = f'<sst xmlns="{MAIN}"><si><t>{long[:9_000_000]}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 10_001))
    if part <= 1:
        (folder / "long.xlsx").write_bytes(zipped(workbook_parts(sheet_of(rows), strings)))


@hostile()
def workbook_of_many_short_texts(folder: Path, part: Fraction | int) -> None:
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>'
    (folder / "texts.xlsx").write_bytes(zipped(workbook_parts(sheet_of(cells))))
    with (
        zipfile.ZipFile(folder / "texts.xlsx", "a", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/strings.xml", "w", force_zip64=part < 1) as strings,  # piece by piece: it may be gigabytes
    ):
        strings.write(f'<sst xmlns="{MAIN}">'.encode())
        for start in range(0, 8_000_000 // part, 100_000):
            numbers = range(start, min(start + 100_000, 8_000_000 // part))
            strings.write("".join(f"<si><t>t{number}</t></si>" for number in numbers).encode())
        strings.write(b"</sst>")


# ------------------------------------------------------------------------------------------------- names and links


@hostile()
def names_that_lead_elsewhere(folder: Path) -> None:
    (folder / "names.zip").write_bytes(zipped({"../../../../tmp/evil.csv": "a,b\n1,2\n", "/etc/x.csv": "a,b\n1,2\n"}))


@hostile(_UNREADABLE)
def links(folder: Path) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(folder / "link.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)):
        with tarfile.open(folder / f"{number}.tar", "w") as archive:
            member = tarfile.TarInfo("a.csv")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)


# ------------------------------------------------------------------------------------------------------------- XML

LAUGHS = (
    "<!DOCTYPE r [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)
OUTSIDE = "<!DOCTYPE r [<!ENTITY a11 SYSTEM 'file:///etc/passwd'>]>"


@hostile()
def entities_in_xml(folder: Path) -> None:
    for name, types in {"laughs": LAUGHS, "outside": OUTSIDE}.items():
        body = "<r><x><a>&a11;</a></x><x><a>1</a></x></r>"
        (folder / f"{name}.xml").write_text(f"<?xml version='1.0'?>{types}{body}")
        strings = f'<?xml version="1.0"?>{types}<sst xmlns="{MAIN}"><si><t>&a11;</t></si></sst>'
        cell = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
        (folder / f"{name}-strings.xlsx").write_bytes(zipped(workbook_parts(sheet_of(cell), strings)))
        inline = sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>&a11;</t></is></c></row>')
        (folder / f"{name}-sheet.xlsx").write_bytes(zipped(workbook_parts(types + inline)))


@hostile()
def deep_nesting(folder: Path) -> None:
    levels = 100_000
    (folder / "array.json").write_text("[" * levels + "]" * levels)
    (folder / "object.json").write_text('{"a":' * levels + "1" + "}" * levels)
    (folder / "inside.json").write_text('[{"a": 1}, {"a": ' + "[" * levels + "]" * levels + "}]")
    (folder / "lines.jsonl").write_text('{"a": 1}\n{"a": ' + "[" * levels + "]" * levels + "}\n")
    (folder / "deep.xml").write_text("<?xml version='1.0'?>" + "<a>" * levels + "</a>" * levels)
    (folder / "deep.html").write_text("<html>" + "<table><tr><td>" * levels)


@hostile()
def workbook_with_wrong_references(folder: Path) -> None:
    for number, cells in enumerate(
        (
            '<c r="A1" t="s"><v>99999999</v></c>',
            '<c r="A1" t="s"><v>-1</v></c>',
            '<c r="ZZZZZZ99999999999" s="4294967295"><v>1</v></c>',
            '<c r="XFD1048576"><v>1e999</v></c>',
            '<c r="A1" t="d"><v>9999999-99-99</v></c>',
        )
    ):
        sheet = sheet_of(f'<row r="{10**number}">{cells}</row>')
        (folder / f"{number}.xlsx").write_bytes(zipped(workbook_parts(sheet, f'<sst xmlns="{MAIN}"/>')))
    merges = f'<worksheet xmlns="{MAIN}"><sheetData>{ROWS}</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/>'
    (folder / "merged.xlsx").write_bytes(zipped(workbook_parts(f"{merges}</mergeCells></worksheet>")))


# -------------------------------------------------------------------------------------------------------- columnar


@hostile(_TOO_LARGE)
def columnar_files_that_expand(folder: Path, part: Fraction | int) -> None:
    """A few kilobytes that say they are gigabytes: by dictionaries, nulls, runs, views, and what a codec takes off."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 300_000_000 // max(part, 1)

    def repeat(values: pa.Array) -> pa.ChunkedArray:
        """A column of as many batches as it is to be larger than usual: a batch has at most 2^31 rows."""
        return pa.chunked_array([values] * max(1, round(1 / part)))

    def write_arrow(name: str, column: pa.Array, compression: str | None = None) -> None:
        table = pa.table({"a": repeat(column)})
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.ipc.new_file(folder / f"{name}.arrow", table.schema, options=options) as file:
            file.write_table(table)
        if part <= 1:
            with pa.ipc.new_stream(folder / f"{name}.arrows", table.schema, options=options) as stream:
                stream.write_table(table)

    long = pa.array(["x" * 100_000])
    one = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows // 1000, np.int8)), long)
    write_arrow("dictionary", one, "zstd")
    write_arrow("nulls", pa.nulls(rows))
    write_arrow("runs", pa.RunEndEncodedArray.from_arrays(pa.array([rows], pa.int32()), pa.array(["x"])))
    view = np.frombuffer(long.cast(pa.string_view()).buffers()[1], np.uint8)
    views = np.tile(view, 32_768)
    buffers = [None, pa.py_buffer(views), pa.py_buffer(b"x" * 100_000)]
    write_arrow("views", pa.Array.from_buffers(pa.string_view(), len(views) // 16, buffers), "zstd")
    if part <= 1:
        write_arrow("zeros", pa.array(np.zeros(rows // 2, np.int64)), "zstd")
    pq.write_table(pa.table({"a": repeat(one)}), folder / "dictionary.parquet", compression="zstd")
    nulls = pa.table({"a": repeat(pa.nulls(rows, pa.string()))})
    pq.write_table(nulls, folder / "nulls.parquet", row_group_size=len(nulls))


# ------------------------------------------------------------------------------------------------------------ text


@hostile()
def text_of_unusual_size(folder: Path, part: Fraction | int) -> None:
    many, million = max(20_000, 100_000 // part), 1_000_000 // part  # more columns than there may be, in either case
    (folder / "columns.csv").write_text(",".join(f"c{n}" for n in range(many)) + "\n" + "1," * (many - 1) + "1\n")
    (folder / "cell.csv").write_text("a,b\n1," + "x" * (10 * million) + "\n")
    (folder / "quote.csv").write_text('a,b\n1,"' + "x,y\n" * (25 * million // 2))
    (folder / "line.csv").write_text("x" * (70 * million))
    (folder / "nuls.csv").write_bytes(b"a,b\n1,\0\n" + bytes(10))
    (folder / "zeros.csv").write_bytes(bytes(million))
    (folder / "quotes.csv").write_text('"' * (5 * million + 1))
    (folder / "commas.csv").write_text("," * (5 * million))
    (folder / "key.json").write_text('[{"' + "x" * (10 * million) + '": 1}]')
    (folder / "keys.json").write_text("[{" + ",".join(f'"{n}": 1' for n in range(many)) + "}]")
    (folder / "number.json").write_text("[{" + f'"a": 1{"0" * million}' + "}]")
    (folder / "comment.html").write_text("<!--" * (million // 2))
    (folder / "span.html").write_text("<table><tr><td colspan=99999999 rowspan=99999999>a</table>" * 10)


# ------------------------------------------------------------------------------------- damage, and two in one


@hostile()
def files_that_are_two_things(folder: Path) -> None:
    parts = samples()
    for name, heads in {
        "pdf": b"%PDF-1.4\n",
        "gif": b"GIF89a",
        "html": b"<html><table>",
        "png": b"\x89PNG\r\n",
    }.items():
        (folder / f"{name}.zip").write_bytes(heads + parts["zip"])
    (folder / "both.xlsx").write_bytes(parts["xlsx"] + parts["zip"])
    (folder / "both.zip").write_bytes(parts["zip"] + parts["xlsx"])
    (folder / "both.csv").write_bytes(parts["csv"] + parts["zip"])
    (folder / "both.gz").write_bytes(parts["gz"] + parts["zip"])
    (folder / "both.parquet").write_bytes(parts["parquet"] + parts["arrow"])


@hostile()
def truncated_files(folder: Path) -> None:
    for suffix, content in samples().items():
        for share in (0.1, 0.5, 0.99):
            (folder / f"{share}.{suffix}").write_bytes(content[: int(len(content) * share)])


@hostile(_UNREADABLE)
def truncated_containers(folder: Path) -> None:
    parts = samples()
    for suffix in ("zip", "tar", "gz", "bz2", "xz", "zst"):
        (folder / f"cut.{suffix}").write_bytes(parts[suffix][: len(parts[suffix]) // 3])


@hostile()
def flipped_bytes(folder: Path) -> None:
    chance = random.Random(4)
    for suffix, content in samples().items():
        for number in range(4):
            damaged = bytearray(content)
            for _ in range(1 + number * 4):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            (folder / f"{number}.{suffix}").write_bytes(damaged)


@hostile()
def zero_bytes(folder: Path) -> None:
    for suffix in (*samples(), "xls", "xlsb", "pdf"):
        (folder / f"empty.{suffix}").touch()


@hostile()
def random_bytes(folder: Path) -> None:
    chance = random.Random(5)
    heads = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1\x15", b"ARROW1\0\0", b"\x1f\x8b\x08\0"]
    heads += [b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\xff\xff\xff\xff\x10\0\0\0", b"[", b"<?xml"]
    for number, head in enumerate(heads):
        (folder / f"{number}.bin").write_bytes(head + chance.randbytes(100_000))
    (folder / "parquet").write_bytes(b"PAR1" + chance.randbytes(5000) + b"\xff\xff\xff\x7fPAR1")


@hostile()
def forged_compound_files(folder: Path) -> None:
    """XLS by its head: tables of sectors that point to themselves, or far outside."""
    for number, first in enumerate((0, 1, 0xFFFFFFFA, 0x7FFFFFFF)):
        head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6)
        head += bytes(6) + struct.pack("<9L", 0, 0xFFFFFF, first, 0, 4096, first, 0xFFFF, first, 0xFFFF)
        head += struct.pack("<109L", *[first] * 109)
        (folder / f"{number}.xls").write_bytes(head + struct.pack("<L", first) * 128 * 8)


@hostile()
def locked_files(folder: Path) -> None:
    import msoffcrypto.format.ooxml

    content = bytearray(zipped({"a.csv": "a,b\n1,2\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (folder / "locked.zip").write_bytes(content)
    with (folder / "locked.xlsx").open("wb") as target:
        book = io.BytesIO(samples()["xlsx"])
        msoffcrypto.format.ooxml.OOXMLFile(book).encrypt("secret", target)


@hostile(_NO_TABLE)
def documents(folder: Path) -> None:
    heads: Iterable[tuple[str, bytes]] = [
        ("pdf", b"%PDF-1.7\n"),
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("rar", b"Rar!\x1a\x07\0"),
    ]
    for suffix, head in heads:
        (folder / f"document.{suffix}").write_bytes(head + bytes(100))
    (folder / "word.docx").write_bytes(zipped({"[Content_Types].xml": "", "word/document.xml": ""}))
