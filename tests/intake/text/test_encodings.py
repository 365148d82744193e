"""The encoding of a file is found by proof; where the bytes allow several, its characters decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opendata.intake.text.encodings as encodings
from opendata.intake.text.encodings import decode_sample, find_encoding
from tests.intake.real_files import list_real_files

WORDS = """
    simplified 北京市 上海市 浙江省杭州市 单位名称 统一社会信用代码 地址 联系电话 医院 人口数 金额（万元） 公开日期
    traditional 臺北市 新北市 高雄縣 機構名稱 地址 電話 人口數 鄉鎮市區 備註 開放時間 學校 總計 嘉義縣 土地 交易標的
    japanese 東京都 大阪府 市町村コード 施設の名称 住所 電話番号 カナ ひらがな 年度 緯度 経度 図書館 公園 学校名
    korean 서울특별시 부산광역시 시도명 인구수 기준일자 도로명주소 전화번호 위도 경도 관리기관명 시설명 운영시간
    western prénom année Montréal Département Größe Straße Besançon Orléans município ação São Córdoba señal tarifé
"""
SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN, WESTERN = (line.split()[1:] for line in WORDS.strip().splitlines())
LANGUAGES = {
    "gb18030": SIMPLIFIED,
    "big5hkscs": TRADITIONAL,
    "cp932": JAPANESE,
    "euc_jp": JAPANESE,
    "cp949": KOREAN,
    "cp1252": WESTERN,
    "utf-8": [*SIMPLIFIED, *TRADITIONAL, *JAPANESE, *KOREAN, *WESTERN],
    "utf-16-le": [*SIMPLIFIED, *KOREAN, *WESTERN],
    "utf-16-be": [*SIMPLIFIED, *KOREAN, *WESTERN],
}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("名称,1\n", "gb18030"),
        ("目,1\n", "gb18030"),
        ("省,市\n1,2\n", "gb18030"),
        ("地区,2020年\n北京,1\n" + "1,2\n" * 90_000, "gb18030"),
        ("1,2\n" * 200_000 + "注：数据来源\n", "gb18030"),
        ("姓名,籍贯\n𠮷野,㐂\n王㛃,陕西\n", "gb18030"),
        ("鄉鎮市區,縣\n", "gb18030"),
        ("名稱,1\n", "big5hkscs"),
        ("中山市,1\n", "big5hkscs"),
        ("嘅,喺度,佢哋\n香港,灣仔,旺角\n", "big5hkscs"),
        ("價格,單位\n12€,臺幣\n", "cp950"),
        ("住所,氏名\n東京都,1\n", "cp932"),
        ("市町村コード", "cp932"),
        ("ｱｲｳｴｵ,東京,名前\n", "cp932"),
        ("施設の名称,住所\n", "euc_jp"),
        ("시도명,인구수\n서울특별시,1\n", "cp949"),
        ("이름\n", "cp949"),
        ("뷁,햏,이름,주소,전화번호\n", "cp949"),
        ("nom,prénom\nAndré,1\n", "cp1252"),
        ("é\n", "cp1252"),
        ("ação,município\n", "cp1252"),
        ("température °C,1\n", "cp1252"),
        ("a,b\n1,2\n", "utf-16-le"),
        ("a,b\n1,2\n", "utf-16-be"),
        ("名称\t数量\r\n北京\t1\r\n", "utf-16-le"),
        ("é\n", "utf-8"),
        ("ó,ß\n", "utf-8"),
        ("名称\n", "utf-8"),
        ("Москва\n", "utf-8"),
        ("a,b\n1,2\n", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_a_small_file_is_read_as_it_was_written(text: str, encoding: str, tmp_path: Path) -> None:
    data = text.encode(encoding)
    verdict = find_encoding(write(tmp_path, data))
    assert data.decode(verdict.encoding) == text
    assert verdict.encoding == encoding or encoding == "cp950"
    assert verdict.candidates[0].encoding == verdict.encoding
    assert verdict.candidates[0].fault is None
    assert 0 < verdict.sure <= 1


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_a_byte_order_mark_decides(encoding: str, found: str, tmp_path: Path) -> None:
    path = write(tmp_path, "名称,1\n".encode(encoding))
    verdict = find_encoding(path)
    assert (verdict.encoding, verdict.sure) == (found, 1.0)
    assert decode_sample(path, verdict.encoding, 100) == "名称,1\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("encoding", LANGUAGES)
def test_any_table_of_words_is_read_as_it_was_written(
    encoding: str, data: st.DataObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = st.sampled_from(LANGUAGES[encoding])
    cells = words | st.integers().map(str) | st.sampled_from(["", "N/A", "2024-01-01", "x@y.org"])
    header = data.draw(st.lists(words, min_size=3, max_size=8, unique=True))
    if encoding == "euc_jp":  # without kana, a few of its words are as good Chinese
        header += ["ひらがな", "施設の名称"]
    rows = data.draw(st.lists(st.lists(cells, min_size=3, max_size=8), max_size=20))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(map(",".join, [header, *rows]))
    monkeypatch.setattr(encodings, "BLOCK_BYTES", data.draw(st.sampled_from([2, 16, 1 << 18])))
    path = write(tmp_path, text.encode(encoding))
    verdict = find_encoding(path)
    assert path.read_bytes().decode(verdict.encoding) == text


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "cp949", "euc_jp", "utf-8"])
def test_one_damaged_byte_is_located_and_does_not_turn_the_file_into_latin(encoding: str, tmp_path: Path) -> None:
    text = "\n".join(",".join(LANGUAGES[encoding][:12]) for _ in range(50)) + "\n"
    line = len(text.split("\n")[0].encode(encoding)) + 1
    data = bytearray(text.encode(encoding) * 3)
    place = 70 * line
    data[place:place] = b"\xff"
    verdict = find_encoding(write(tmp_path, bytes(data)))
    assert verdict.encoding == encoding
    assert verdict.sure < 0.9
    fault = verdict.candidates[0].fault
    assert fault is not None
    assert (fault.offset, fault.line) == (place, 71)
    assert "line 71 " in verdict.decisions[0].describe()["text"]


def test_a_character_cut_off_at_the_end_is_located(tmp_path: Path) -> None:
    data = "地区,人口\r\n北京,1\r\n上海".encode("gb18030")[:-1]
    verdict = find_encoding(write(tmp_path, data))
    assert verdict.encoding == "gb18030"
    assert verdict.candidates[0].fault == encodings.Fault(len(data) - 1, 3)


def test_random_bytes_come_to_a_verdict_without_trust(tmp_path: Path) -> None:
    verdict = find_encoding(write(tmp_path, bytes(range(256)) * 40))
    assert verdict.sure < 0.5
    assert verdict.candidates[0].fault


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_come_to_a_verdict_whose_proof_holds(data: bytes, tmp_path: Path) -> None:
    verdict = find_encoding(write(tmp_path, data))
    for candidate in verdict.candidates:
        fault = candidate.fault
        assert (fault.offset if fault else None) == first_wrong(data, candidate.encoding)


def first_wrong(data: bytes, encoding: str) -> int | None:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return None


def test_a_sample_cut_inside_a_character_has_no_replacement(tmp_path: Path) -> None:
    path = write(tmp_path, "名称,数量".encode("gb18030"))
    assert decode_sample(path, "gb18030", 3) == "名"
    assert decode_sample(write(tmp_path, b"a\xff\xffb"), "gb18030", 100).count("\ufffd") >= 1


def test_real_files_are_read_as_their_publishers_wrote_them(realdata: Path) -> None:
    expected = {".gbk": "gb18030", "nbs-gbk": "gb18030", ".big5": "big5hkscs", "VEH_USAGES": "cp1252"}
    paths = list_real_files(realdata, ".csv")
    assert len(paths) > 60
    for path in paths:
        name = str(path.relative_to(realdata))
        wanted = next((encoding for word, encoding in expected.items() if word in name), "utf-8")
        wanted = "utf-8" if ".bom." in name or ".utf8" in name else wanted
        verdict = find_encoding(path)
        assert (name, verdict.encoding) == (name, wanted)
        assert verdict.sure > 0.9
