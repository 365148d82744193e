"""What a file says about itself: found, confirmed or corrected, published with the version, and kept for the next."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
import xlsxwriter

from opendata.domain.manifest import Manifest
from opendata.domain.meaning.table_meaning import FoundMeaning, FoundText, Place, recall
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services

TABLE = "an-ping-xian-gui-mo-yi-shang-gong-ye-zong-chan-zhi"
HEADER = ["乡镇", "企业数（个）", "总产值（万元）", "增长%"]


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    found = make_services(tmp_path_factory.mktemp("meanings") / "instance")
    owner = make_actor(found, "editor")
    for name in ("output", "unit", "names", "quiet", "office"):
        found.datasets.create(owner, {**DATASET, "id": name, "updateCycle": "monthly"})
    return found


@pytest.fixture(scope="module")
def editor(services: Services) -> Actor:
    return make_actor(services, "clerk")


def make_workbook(
    month: str,
    *,
    unit: str = "万元",
    foot: Sequence[str] = (),
    office: str = "县工业和信息化局",
    header: Sequence[str] = HEADER,
) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write(0, 0, f"安平县规模以上工业总产值（{month}）")
        sheet.write(1, 0, f"填报单位：{office}")
        sheet.write(1, 3, f"单位：{unit}")
        sheet.write_row(2, 0, header)
        for row, town in enumerate(["白马乡", "青龙镇", "石桥镇", "大河乡"], start=3):
            sheet.write_row(row, 0, [town, row, 1000.5 * row, 2.5])
        for row, line in enumerate(foot, start=7):
            sheet.write(row, 0, line)
    return file.getvalue()


FOOT = ["注：本表为快报数。", "资料来源：安平县统计局", "制表人：张三　填报人：李四　联系电话：0318-1234567"]


def send(services: Services, editor: Actor, dataset: str, data: bytes, file: str, **options: Any) -> DraftView:
    view, _ = services.drafts.create(editor, dataset, [UploadedFile(file, io.BytesIO(data))], **options)
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def get_table(view: DraftView) -> DraftResourceView:
    return next(item for item in view.tables if not item.carried)


def publish(services: Services, editor: Actor, view: DraftView) -> Manifest:
    services.drafts.submit(editor, view.id, Submission(reason="快报", breaking="更正"))
    services.work.run_to_end(view.id)
    found = services.drafts.get(editor, view.id)
    assert found.version is not None, found.comment
    return services.versions.get_manifest(view.dataset, found.version)


def test_a_file_says_what_it_is_and_the_version_carries_it_month_by_month(services, editor):
    view = send(
        services, editor, "output", make_workbook("2026年9月", foot=FOOT), "安平县规模以上工业总产值2026年9月.xlsx"
    )
    table = get_table(view)
    assert table.name == TABLE
    assert (view.period, table.meaning["questions"]) == ("2026-09", [])
    first = publish(services, editor, view)
    resource = first.to_json()["resources"][0]
    assert resource["title"] == "安平县规模以上工业总产值"
    assert resource["sources"] == [{"title": "安平县统计局"}]
    ours = {name: resource["opendata"].get(name) for name in ("unit", "period", "compiledBy", "footnotes")}
    assert ours == {
        "unit": "万元",
        "period": "2026-09",
        "compiledBy": "县工业和信息化局",
        "footnotes": [{"text": "本表为快报数。"}],
    }
    assert first.to_json()["opendata"]["period"] == "2026-09"
    units = {item["name"]: item.get("opendata", {}).get("unit") for item in resource["schema"]["fields"]}
    assert units == {"乡镇": None, "企业数（个）": "个", "总产值（万元）": "万元", "增长%": "%"}
    text = json.dumps(first.to_json(), ensure_ascii=False)
    assert not any(name in text for name in ("张三", "李四"))

    again = send(
        services, editor, "output", make_workbook("2026年9月", foot=FOOT), "安平县规模以上工业总产值2026年9月.xlsx"
    )
    assert again.next.version is None

    later = send(
        services, editor, "output", make_workbook("2026年10月", foot=FOOT), "安平县规模以上工业总产值2026年10月.xlsx"
    )
    assert get_table(later).name == TABLE
    assert [reason["type"] for reason in later.next.reasons] == ["period-changed"]
    assert publish(services, editor, later).period == "2026-10"
    editions = services.editions.list("output")
    assert [(item.period, item.version) for item in editions] == [("2026-10", "1.0.1"), ("2026-09", "1.0.0")]
    expected = services.editions.find_next(services.datasets.get("output"))
    assert (expected.period, expected.by.isoformat(), expected.editions) == ("2026-11", "2026-12-30", 0)


def test_what_a_person_corrected_holds_for_the_next_file_that_says_the_same(services, editor):
    view = send(services, editor, "office", make_workbook("2026年9月"), "工业总产值2026年9月.xlsx")
    name = get_table(view).name
    said = {"title": "工业总产值", "source": "县统计局", "period": "2026年8月", "i18n": {"en": {"title": "Output"}}}
    view = services.drafts.change_resource(editor, view.id, name, {"meaning": said})
    assert view.status == "valid"
    assert (view.period, get_table(view).meaning["period"]) == ("2026-08", "2026-08")
    first = publish(services, editor, view)
    assert first.tables[0].i18n == {"en": {"title": "Output"}}

    later = get_table(send(services, editor, "office", make_workbook("2026年9月"), "工业总产值2026年9月.xlsx"))
    assert later.meaning["period"] == "2026-09"
    assert [later.meaning[name] for name in ("title", "source", "compiledBy")] == [
        "工业总产值",
        "县统计局",
        "县工业和信息化局",
    ]
    assert later.meaning["i18n"] == {"en": {"title": "Output"}}


def test_that_there_is_no_period_holds_while_only_the_same_weak_sign_speaks_for_one():
    found = FoundMeaning(period=FoundText("2026-09", Place.DATA, "day", 0.5)).describe()
    later = FoundMeaning(period=FoundText("2026-10", Place.DATA, "day", 0.5)).describe()
    sure = FoundMeaning(period=FoundText("2026-10", Place.ABOVE, "2026年10月", 0.95)).describe()
    assert recall({"found": found, "said": {"period": None}}, later) == {"period": None}
    assert recall({"found": found, "said": {"period": None}}, sure) == {}
    assert recall({"found": found, "said": {"period": "2026-09"}}, later) == {}
    assert recall({"found": found, "said": {"period": "2026-09"}}, found, with_period=True) == {"period": "2026-09"}


def test_another_unit_than_before_is_asked_and_then_a_breaking_change(services, editor):
    publish(services, editor, send(services, editor, "unit", make_workbook("2026年9月"), "产值2026年9月.xlsx"))
    view = send(services, editor, "unit", make_workbook("2026年10月", unit="元"), "产值2026年10月.xlsx")
    name = get_table(view).name
    assert get_table(view).meaning["questions"] == ["unit"]
    with pytest.raises(InvalidMetadataError) as refused:
        services.drafts.submit(editor, view.id, Submission())
    assert "万元" in str(refused.value.faults[0].text)
    view = services.drafts.change_resource(editor, view.id, name, {"meaning": {"unit": "元"}})
    changed = next(item for item in view.next.reasons if item["type"] == "unit-changed")
    assert (changed["bump"], changed["old"], changed["new"]) == ("major", "万元", "元")


def test_the_unit_of_a_table_is_proposed_for_its_numbers_but_not_for_rates_and_counts(services, editor):
    header = ["乡镇", "企业数", "总产值", "增长率"]
    view = send(services, editor, "quiet", make_workbook("2026年9月", header=header), "产值2026年9月.xlsx")
    proposed = {item.name: item.own.get("unit") for item in get_table(view).proposed_schema.fields}
    assert proposed == {"乡镇": None, "企业数": "万元", "总产值": "万元", "增长率": None}


def test_a_table_can_be_renamed_until_it_is_published(services, editor):
    view = send(services, editor, "names", make_workbook("2026年9月"), "产值2026年9月.xlsx")
    view = services.drafts.change_resource(editor, view.id, "chan-zhi", {"name": "output"})
    services.work.run_to_end(view.id)
    view = services.drafts.get(editor, view.id)
    assert get_table(view).name == "output"
    with pytest.raises(InvalidMetadataError):
        services.drafts.change_resource(editor, view.id, "output", {"name": "Output!"})
    publish(services, editor, view)
    option = [{"file": "a.xlsx", "name": "output"}]
    from opendata.services.drafts.intake import ResourceOption

    view = send(
        services,
        editor,
        "names",
        make_workbook("2026年10月"),
        "a.xlsx",
        options=[ResourceOption(**item) for item in option],
    )
    with pytest.raises(StateError):
        services.drafts.change_resource(editor, view.id, "output", {"name": "other"})


def test_personal_data_in_what_a_person_says_needs_a_reason(services, editor):
    view = send(services, editor, "quiet", make_workbook("2026年9月"), "产值2026年9月.xlsx")
    said = {"footnotes": ["联系人身份证号 11010519491231002X"]}
    view = services.drafts.change_resource(editor, view.id, get_table(view).name, {"meaning": said})
    found = [(item["property"], item["kind"]) for item in view.text_findings if item["needsReason"]]
    assert found == [("footnotes", "resident-id")]


def test_a_restored_version_says_what_it_said(services, editor):
    manifest = services.versions.get_manifest("output", "1.0.0")
    draft = services.restoring.restore(editor, "output", "1.0.0")
    services.work.run_to_end(draft.id)
    again = publish(services, editor, services.drafts.get(editor, draft.id))
    for name in ("title", "unit", "period", "sources", "compiled_by", "footnotes", "schema"):
        assert getattr(again.tables[0], name) == getattr(manifest.tables[0], name), name
    assert again.period == "2026-09"


@pytest.mark.parametrize(
    "said",
    [
        {"period": "next month"},
        {"unit": 5},
        {"units": {"总产值": 5}},
        {"footnotes": "text"},
        {"footnotes": [{"txt": "a"}]},
        {"i18n": {"en": "Output"}},
        {"author": "x"},
        "text",
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(services, editor, said):
    view = services.drafts.list(editor, dataset="names").items[0]
    with pytest.raises(InvalidMetadataError) as refused:
        services.drafts.change_resource(editor, view.id, "output", {"meaning": said})
    assert refused.value.faults[0].pointer.startswith("/meaning")
