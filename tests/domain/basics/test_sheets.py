"""Catalogues as departments have them: headers of two rows, 同上, ticks, boxes, sections, notes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.basics.cells import Options, Tick, read_options, read_tick
from opendata.domain.basics.codes import DOMAINS, Audience, Channel, Kind, Level, Method, find_domain
from opendata.domain.basics.comparing import list_absent, list_changes, match_entries
from opendata.domain.basics.entries import Entry, read_entry
from opendata.domain.basics.sheets import SheetReading, name_letters, read_sheet


def words(text: str) -> list[str]:
    """The words of a text: readable where a list of texts isn't."""
    return text.split()


TOP = words(
    "序号 公开事项 公开事项 公开内容（要素） 公开依据 公开时限 公开主体 公开渠道和载体"
    " 公开对象 公开对象 公开方式 公开方式 公开层级 公开层级"
)
SUB = [*words("序号 一级事项 二级事项"), *TOP[3:8], *words("全社会 特定群体 主动 依申请 县级 乡级")]
LIMIT = "信息形成或者变更之日起20个工作日内"
BOXES = "■政府网站 □政府公报\n■两微一端 □发布会/听证会\n□社区/企事业单位/村公示栏（电子屏） ■其他_校园公告栏"


def row(number: str, matter: str, item: str, **more: str) -> list[str]:
    found = {"content": "名称、时间", "basis": "条例", "limit": LIMIT, "body": "教育局", "channels": BOXES}
    ticks = {"whole": "√", "group": "", "proactive": "■", "asked": "□", "county": "t", "township": "口"}
    return [number, matter, item, *({**found, **ticks, **more}.values())]


def read(*rows: list[str], domain: str = "") -> SheetReading:
    title = ["义务教育领域基层政务公开标准目录"] * len(TOP)
    return read_sheet("Sheet1", [title, TOP, SUB, *rows], domain=domain)


def test_a_catalogue_with_a_header_of_two_rows_is_unfolded() -> None:
    found = read(row("1", "政策文件", "法律法规"), row("2", "同上", "规划", basis="同上", group="在校学生"))
    assert not [note for note in found.notes if note.is_fault]
    assert found.header_rows == (2, 3)
    first, second = [entry for _, entry in found.entries]
    assert first == Entry(
        domain="compulsory-education",
        matter="政策文件",
        item="法律法规",
        content="名称、时间",
        basis="条例",
        time_limit=LIMIT,
        body="教育局",
        channels=(Channel.WEBSITE, Channel.SOCIAL_MEDIA, Channel.OTHER),
        other_channels="校园公告栏",
        audiences=(Audience.WHOLE,),
        methods=(Method.PROACTIVE,),
        levels=(Level.COUNTY,),
    )
    assert (second.matter, second.basis, second.group) == ("政策文件", "条例", "在校学生")
    assert second.audiences == (Audience.WHOLE, Audience.GROUP)


def test_what_is_missing_or_unclear_is_named_with_its_cell() -> None:
    found = read(
        row("1", "", "法律法规"),
        row("2", "政策文件", "规划", limit="按规定", body="", proactive="□"),
        row("3", "", "招生", channels="□政府网站 □政府公报", county="本级"),
    )
    faults = {note.cell: note.params.get("field") for note in found.notes if note.is_fault}
    assert faults == {"G5": "Responsible body", "K5": "Method"}
    assert [note.cell for note in found.notes if not note.is_fault] == ["F5", "H6", "M6", "B6"]
    assert [entry.matter for _, entry in found.entries] == ["", "政策文件", "政策文件"]
    assert [number for number, _ in found.entries] == [4, 5, 6]


def test_sections_notes_and_repeated_headers_are_not_entries() -> None:
    section, note = ["二、社会救助"] * len(TOP), ["", "注：本目录自印发之日起施行"]
    found = read(row("1", "政策文件", "法律法规"), section, TOP, SUB, row("1", "低保", "名单"), [""] * 4, note)
    assert [(number, entry.domain) for number, entry in found.entries] == [
        (4, "compulsory-education"),
        (8, "social-assistance"),
    ]


def test_values_in_words_and_headers_of_text_files_are_understood() -> None:
    rows = [
        words(
            "领域 一级目录 二级目录 三级目录 公开内容 时限 责任单位 渠道"
            " 公开对象 公开方式 公开层级 五公开 监督渠道 备注"
        ),
        words("养老服务 补贴 高龄 名单 姓名 及时 民政局 政府网站、公示栏 社会公众 主动公开 县、乡 结果公开 12345 x"),
        ["我县特色", "茶", "", "", "产量", "每月", "农业局", "网站", "茶农", "依申请", "村", "", "", ""],
    ]
    found = read_sheet("a", rows, domain="culture")
    first, second = [entry for _, entry in found.entries]
    assert (first.domain, first.item, first.supervision) == ("elderly-care", "高龄 / 名单", "12345")
    assert first.channels == (Channel.WEBSITE, Channel.NOTICE_BOARD)
    assert (first.levels, first.kinds) == ((Level.COUNTY, Level.TOWNSHIP), (Kind.RESULT,))
    assert (second.domain, second.audiences, second.group) == ("我县特色", (Audience.GROUP,), "茶农")
    assert [column.heading for _, column in found.columns if not column.field] == ["备注"]
    blank = [
        ["序号", "公开事项", "", "公开内容", "公开对象", ""],
        ["", "一级事项", "二级事项", "", "全社会", "特定群体"],
    ]
    found = read_sheet("a", [*blank, ["1", "政策", "文件", "文号", "√", ""]])
    assert [(column.field, column.code) for _, column in found.columns][3:] == [
        ("content", ""),
        ("audiences", "whole"),
        ("audiences", "group"),
    ]
    assert not read_sheet("b", [["姓名", "年龄"], ["甲", "3"]]).is_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((mark, Tick(True)) for mark in ("√", "■", "t", " ✓ ", "是")),
        *((mark, Tick(False)) for mark in ("", "□", "口", "/", "否")),
        ("√（申请人）", Tick(True, "申请人")),
        ("申请人", Tick(True, "申请人", is_clear=False)),
    ],
)
def test_ticks(text: str, expected: Tick) -> None:
    assert read_tick(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t政府网站口政府公报", Options((Channel.WEBSITE,))),
        ("政府网站√ 广播电视□ 精准推送√", Options((Channel.WEBSITE, Channel.DELIVERY))),
        ("■ 政府网站 ■ 政务服务中心窗口", Options((Channel.WEBSITE, Channel.SERVICE_CENTRE), "窗口")),
        ("政府网站", Options((Channel.WEBSITE,))),
        ("网站，村喇叭", Options((Channel.WEBSITE,), "村喇叭")),
        ("□政府网站□其他", Options((), is_unticked=True)),
    ],
)
def test_boxes_and_words(text: str, expected: Options) -> None:
    assert read_options(text, Channel) == expected


def test_there_are_26_pilot_domains_and_their_names_are_found() -> None:
    assert len(DOMAINS) == 26
    assert {find_domain(domain.chinese) for domain in DOMAINS.values()} == {*DOMAINS}
    assert find_domain("国有土地上房屋征收与补偿领域标准目录", within=True) == "housing-expropriation"
    assert find_domain("Elderly") is None
    assert [name_letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_an_entry_lacks_its_elements_and_reads_what_it_wrote() -> None:
    assert Entry(matter="a").list_missing() == ["domain", "content", "time_limit", "body", "methods"]
    full = Entry(domain="culture", matter="a", content="b", time_limit="及时", publisher="p", methods=("proactive",))
    assert full.list_missing() == []
    assert Entry.from_json(full.to_json()) == full
    assert read_entry(full.to_json()) == (full, [])
    faults = read_entry({"methods": ["x"], "body": "x" * 501, "content": "\0"})[1]
    assert [item.pointer for item in faults] == ["/content", "/body", "/methods", "/matter"]


def test_changes_by_id_and_entries_that_we_have_already() -> None:
    old, new = Entry(domain="culture", matter="a"), Entry(domain="culture", matter="a", content="c")
    changes = list_changes({"1": old, "2": old, "4": old}, {"1": new, "3": old, "4": old})
    assert [(item.id, item.kind, item.fields) for item in changes] == [
        ("1", "changed", ("content",)),
        ("2", "removed", ()),
        ("3", "added", ()),
    ]
    known = {"1": Entry(matter="a", body="甲"), "2": Entry(matter="a", body="乙"), "3": Entry(matter="b", body="甲")}
    listed = [
        Entry(matter="a", body="乙"),
        Entry(matter="b", body="丙"),
        Entry(matter=" a", body="甲"),
        Entry(matter="c"),
    ]
    assert match_entries(listed, known) == ["2", "3", "1", None]
    assert list(list_absent([Entry(matter="a"), Entry(matter="z")], listed)) == [Entry(matter="z")]


@given(st.lists(st.lists(st.sampled_from([*TOP, *SUB, BOXES, "同上", "√", "口", "", "x", "注：", "乡", "社会救助"]))))
def test_whatever_a_sheet_has_is_read_and_each_note_names_a_cell_of_it(rows: list[list[str]]) -> None:
    found = read_sheet("x", [TOP, SUB, *rows])
    assert all(2 < number <= len(rows) + 2 for number, _ in found.entries)
    for note in found.notes:
        letters, number = re.fullmatch("([A-Z]+)([0-9]+)", note.cell or "").groups()  # type: ignore[union-attr]
        assert letters in {letter for letter, _ in found.columns}
        assert int(number) in {place for place, _ in found.entries}
    for _, entry in found.entries:
        again, faults = read_entry(entry.to_json())
        assert again == entry
        assert {item.pointer for item in faults} <= {"/matter"}
