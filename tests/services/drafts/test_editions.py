"""The next file of a table: recognised, replaced or added, confirmed, and published upon what is there then."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from opendata.domain.editions.modes import AUTO
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from opendata.wording.editions import say_unusual
from opendata.wording.voice import voice_of
from tests.instances import DATASET, locate, make_actor, publish

FIELDS: list[dict[str, Any]] = [
    {"name": "month", "type": "string", "title": "月份"},
    {"name": "town", "type": "string", "title": "乡镇"},
    {"name": "people", "type": "integer", "title": "常住人口"},
    {"name": "births", "type": "integer"},
]
SCHEMA = {"fields": FIELDS, "primaryKey": ["month", "town"]}
KEYLESS = {"fields": FIELDS}
HEAD = "month,town,people,births\n"
TOWNS = ("东湖", "西湖", "南山", "北岭", "白沙")


def month(number: int, *, towns: tuple[str, ...] = TOWNS, people: int = 100) -> str:
    return "".join(f"2026-{number:02},{town},{people},{place}\n" for place, town in enumerate(towns))


@pytest.fixture
def editor(services: Services) -> Actor:
    """Somebody whose table of September is published, named without its month."""
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    publish(services, actor, HEAD + month(9), name="population", schema=SCHEMA)
    return actor


def send(
    services: Services,
    actor: Actor,
    text: str,
    file: str = "人口2026年10月.csv",
    mode: str | None = AUTO,
    **options: Any,
) -> DraftView:
    option = ResourceOption(file=file, mode=mode, **options)
    view, _ = services.drafts.create(actor, "reservoirs", [UploadedFile(file, io.BytesIO(text.encode()))], [option])
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


def sent(view: DraftView) -> DraftResourceView:
    return next(item for item in view.tables if not item.carried)


def release(services: Services, actor: Actor, view: DraftView) -> str:
    services.drafts.submit(actor, view.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(view.id)
    found = services.drafts.get(actor, view.id)
    assert found.status == "published"
    return str(found.version)


def rows(services: Services, version: str, table: str = "population") -> str:
    return locate(services.versions.find_file("reservoirs", version, table, "csv")).read_text()


def test_a_file_named_with_its_month_is_added_to_the_table_that_has_its_columns(
    services: Services, editor: Actor
) -> None:
    draft = send(services, editor, HEAD + month(10))
    table = sent(draft)
    assert table.edition is not None
    assert (table.name, table.edition.mode, table.edition.asks) == ("population", "append", False)
    assert table.edition.part == {"rows": 5, "added": 5, "corrected": 0, "repeated": 0}
    assert table.edition.reason == (
        "4 of 4 columns match; 5 of 5 keys are new; 0 of the 5 published rows are in the file; every value of “month”"
        " is new"
    )
    assert table.changes is not None
    assert (table.rows, table.changes["added"], table.changes["removed"]) == (10, 5, 0)
    assert draft.next is not None
    assert draft.next.version == "1.1.0"
    assert rows(services, release(services, editor, draft)) == HEAD + month(9) + month(10)
    task = services.versions.get_manifest("reservoirs", "1.1.0").tables[0]
    assert task.rows == 10


@pytest.mark.slow
def test_the_whole_table_again_replaces_it(services: Services, editor: Actor) -> None:
    draft = send(services, editor, HEAD + month(9, people=101) + month(10))
    edition = sent(draft).edition
    assert edition is not None
    assert (edition.mode, edition.asks, edition.part) == ("replace", False, None)
    assert rows(services, release(services, editor, draft)) == HEAD + month(9, people=101) + month(10)


def test_corrections_alone_are_added_once_somebody_says_so(services: Services, editor: Actor) -> None:
    draft = send(services, editor, HEAD + "2026-09,东湖,150,0\n")
    table = sent(draft)
    assert table.edition is not None
    assert (table.edition.mode, table.edition.asks) == ("append", True)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, draft.id)
    assert caught.value.faults[0].pointer == "/resources/population/mode"
    draft = services.drafts.change_resource(editor, draft.id, "population", {"mode": "append"})
    assert draft.status == "valid"  # to confirm is no reason to check again
    assert rows(services, release(services, editor, draft)).count("150") == 1
    assert services.versions.get("reservoirs", "1.0.1").rows == 5


def test_the_same_file_twice_is_there_once_and_an_empty_one_changes_nothing(services: Services, editor: Actor) -> None:
    release(services, editor, send(services, editor, HEAD + month(10)))
    for text in (HEAD + month(10), HEAD):
        draft = send(services, editor, text, mode="append", name="population")
        assert draft.status == "valid"
        assert draft.next is not None
        assert (draft.next.version, sent(draft).rows) == (None, 10)


@pytest.mark.slow
def test_renamed_columns_are_told_and_asked_for_where_they_are_guessed(services: Services, editor: Actor) -> None:
    titled = "月份,乡镇,常住人口,births\n" + month(10)
    draft = send(services, editor, titled)
    edition = sent(draft).edition
    assert edition is not None
    assert (draft.status, edition.asks) == ("valid", False)
    assert edition.renamed == {"月份": "month", "乡镇": "town", "常住人口": "people"}
    guessed = "month,town,居民,births\n" + month(10)
    draft = send(services, editor, guessed)
    edition = sent(draft).edition
    assert edition is not None
    assert (draft.status, edition.mode, edition.asks, edition.renamed) == ("valid", "append", True, {"居民": "people"})
    draft = services.drafts.change_resource(editor, draft.id, "population", {"mode": "append"})
    assert rows(services, release(services, editor, draft)) == HEAD + month(9) + month(10)
    later = sent(send(services, editor, guessed.replace("2026-10", "2026-11"))).edition
    assert later is not None
    assert (later.mode, later.asks) == ("append", False)  # what was confirmed isn't asked again


def test_other_columns_make_a_table_of_their_own(services: Services, editor: Actor) -> None:
    draft = send(services, editor, "code,name\nA,x\n", file="reservoirs.csv")
    table = sent(draft)
    assert table.edition is not None
    assert (table.name, table.edition.mode) == ("reservoirs", "new")
    assert {item.name for item in draft.tables} == {"population", "reservoirs"}


def test_without_a_mode_names_decide_as_ever(services: Services, editor: Actor) -> None:
    draft = send(services, editor, HEAD + month(10), file="population-10.csv", mode=None)
    assert [(item.name, item.carried) for item in draft.tables] == [("population-10", False), ("population", True)]
    draft = send(services, editor, HEAD + month(10), file="population.csv", mode=None)
    edition = sent(draft).edition
    assert edition is not None
    assert (edition.mode, sent(draft).rows) == ("replace", 5)
    draft = send(services, editor, HEAD + month(10), file="population.csv")  # with `auto` figures decide
    edition = sent(draft).edition
    assert edition is not None
    assert (edition.mode, sent(draft).rows) == ("append", 10)
    draft = send(services, editor, "code,name\nA,x\n", file="population.csv")
    assert (draft.status, sent(draft).name, sent(draft).edition.mode) == ("invalid", "population", "replace")  # type: ignore[union-attr]


def test_mode_and_table_can_be_changed_in_the_draft(services: Services, editor: Actor) -> None:
    draft = send(services, editor, HEAD + month(10), file="october.csv", mode=None)
    assert sent(draft).edition.mode == "new"  # type: ignore[union-attr]

    def change(name: str, **changes: Any) -> DraftResourceView:
        services.drafts.change_resource(editor, draft.id, name, changes)
        services.work.run_to_end(draft.id)
        return sent(services.drafts.get(editor, draft.id))

    table = change("october", mode="append", target="population")
    assert (table.name, table.rows, table.schema) == ("population", 10, SCHEMA)
    table = change("population", mode="replace")
    assert (table.name, table.rows) == ("population", 5)
    table = change("population", mode="append")
    assert table.rows == 10
    table = change("population", target=None)
    assert (table.name, table.rows, table.schema) == ("october", 5, None)
    for wrong in ({"target": "nothing"}, {"mode": "append", "target": "x"}):
        with pytest.raises(InvalidMetadataError):
            services.drafts.change_resource(editor, draft.id, "october", wrong)


def test_rules_of_the_whole_table_hold_over_old_and_new_rows(services: Services, editor: Actor) -> None:
    unique = {**SCHEMA, "uniqueKeys": [["births"]]}
    publish(services, editor, HEAD + month(9), name="population", schema=unique)
    draft = send(services, editor, HEAD + month(10), mode="append", name="population")
    table = sent(draft)
    assert (draft.status, table.edition and table.edition.is_broken) == ("invalid", True)
    assert draft.report is not None
    assert draft.report["tasks"][0]["errors"][0]["type"] == "unique-key"
    services.drafts.change_resource(editor, draft.id, "population", {"mode": "replace"})
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "valid"


@pytest.mark.slow
def test_columns_that_tell_rows_apart_serve_as_a_key_for_corrections(services: Services, editor: Actor) -> None:
    publish(services, editor, HEAD + month(9) + month(10), name="population", schema=KEYLESS)
    draft = send(services, editor, HEAD + month(11) + "2026-10,东湖,999,0\n")
    edition = sent(draft).edition
    assert edition is not None
    assert (edition.mode, edition.asks, edition.figures["key"]) == ("append", True, ["month", "town"])
    assert "rows are distinguished by month, town" in edition.reason
    services.drafts.change_resource(editor, draft.id, "population", {"mode": "append"})
    found = rows(services, release(services, editor, services.drafts.get(editor, draft.id)))
    assert found == HEAD + month(9) + month(10).replace("东湖,100", "东湖,999") + month(11)


@pytest.mark.slow
def test_repeated_rows_that_nothing_tells_apart_are_asked_about(services: Services, editor: Actor) -> None:
    twice = month(9) + month(8) + month(8)
    publish(services, editor, HEAD + twice, name="population", schema=KEYLESS)
    draft = send(services, editor, HEAD + month(10) + "2026-09,东湖,100,0\n", mode="append", name="population")
    table = sent(draft)
    assert table.edition is not None
    assert (table.rows, table.edition.is_doubled, table.edition.asks) == (20, True, True)
    services.drafts.change_resource(editor, draft.id, "population", {"repeats": True})
    services.work.run_to_end(draft.id)
    table = sent(services.drafts.get(editor, draft.id))
    assert table.edition is not None
    assert (table.rows, table.edition.asks) == (21, False)
    services.drafts.change_resource(editor, draft.id, "population", {"repeats": False})
    services.work.run_to_end(draft.id)
    assert sent(services.drafts.get(editor, draft.id)).rows == 20


@pytest.mark.slow
def test_rows_cannot_be_added_where_columns_differ_or_no_table_fits(services: Services, editor: Actor) -> None:
    loose = {**SCHEMA, "fieldsMatch": "subset"}
    publish(services, editor, HEAD + month(9), name="population", schema=loose)
    more = "month,town,people,births,area\n" + "".join(f"{line},1\n" for line in month(10).splitlines())
    draft = send(services, editor, more, mode="append", name="population")
    assert draft.status == "invalid"
    assert draft.report is not None
    assert "area" in draft.report["tasks"][0]["errors"][0]["message"]
    draft = send(services, editor, "code,name\nA,x\n", file="other.csv", mode="append")
    assert draft.status == "invalid"
    with pytest.raises(InvalidMetadataError) as caught:
        send(services, editor, HEAD, mode="append", name="other")
    assert caught.value.faults[0].pointer == "/resources/0/name"


def test_rows_are_added_to_the_version_that_is_there_at_publication(services: Services, editor: Actor) -> None:
    late = send(services, editor, HEAD + month(11))
    release(services, editor, send(services, editor, HEAD + month(10)))
    assert rows(services, release(services, editor, late)) == HEAD + month(9) + month(10) + month(11)
    assert [item["text"]["en"] for item in services.versions.get("reservoirs", "1.2.0").reasons] == [
        "population: rows added: 5"
    ]


def test_an_approved_draft_that_is_overtaken_comes_back_with_its_rows_added_to_the_new_version(
    services: Services, editor: Actor
) -> None:
    late = send(services, editor, HEAD + month(11))
    release(services, editor, send(services, editor, HEAD + month(10)))
    object.__setattr__(services.settings, "review", "two-person")
    maintainer = make_actor(services, "maintainer", "maintainer")
    services.drafts.submit(editor, late.id)
    services.drafts.approve(maintainer, late.id)
    services.drafts.publish(maintainer, late.id)
    services.work.run_to_end(late.id)
    found = services.drafts.get(editor, late.id)
    assert (found.status, found.base, sent(found).rows) == ("valid", "1.1.0", 15)
    assert found.comment
    services.drafts.submit(editor, late.id)
    services.drafts.approve(maintainer, late.id)
    services.drafts.publish(maintainer, late.id)
    services.work.run_to_end(late.id)
    assert rows(services, "1.2.0") == HEAD + month(9) + month(10) + month(11)


@pytest.mark.slow
def test_an_overtaken_draft_whose_rows_are_there_meanwhile_asks_again(services: Services, editor: Actor) -> None:
    publish(services, editor, HEAD + month(9), name="plain", schema=KEYLESS)
    late = send(services, editor, HEAD + month(11), mode="append", name="plain")
    edition = sent(late).edition
    assert edition is not None
    assert not edition.asks
    release(services, editor, send(services, editor, HEAD + month(11, people=99), mode="append", name="plain"))
    services.drafts.submit(editor, late.id)
    services.work.run_to_end(late.id)
    found = services.drafts.get(editor, late.id)
    edition = sent(found).edition
    assert edition is not None
    assert (found.status, edition.asks, found.base) == ("returned", True, services.versions.find_latest("reservoirs"))
    assert "请再次确认文件与已发布的表的关系" in found.comment
    services.drafts.change_resource(editor, late.id, "plain", {"mode": "append"})
    services.work.run_to_end(late.id)
    assert rows(services, release(services, editor, late), "plain") == HEAD + month(9) + month(11)


@pytest.mark.slow
def test_of_two_tables_that_fit_the_one_named_like_the_file_is_meant(services: Services, editor: Actor) -> None:
    publish(services, editor, HEAD + month(9), name="east", schema=SCHEMA)
    edition = sent(send(services, editor, HEAD + month(10), file="East_2026-10 v2.csv"))
    assert edition.name == "east"
    table = sent(send(services, editor, HEAD + month(10), file="west.csv"))
    assert table.edition is not None
    assert (table.name, table.edition.mode, table.edition.asks) == ("west", "new", True)
    assert set(table.edition.rivals) == {"east", "population"}


PEOPLE = {
    "fields": [{"name": name, "type": "string"} for name in ("no", "name", "phone", "town")],
    "primaryKey": ["no"],
}
MASKED = {"columns": [{"field": "phone", "treatment": "mask", "kind": "mobile-number"}], "quasi": ["town"]}


def people(start: int, count: int, town: str = "东湖") -> str:
    numbers = range(start, start + count)
    return "no,name,phone,town\n" + "".join(f"{n},单位{n},1380013{n:04},{town}\n" for n in numbers)


def test_decisions_are_applied_to_new_rows_and_risk_is_that_of_the_whole_table(
    services: Services, editor: Actor
) -> None:
    publish(services, editor, people(1000, 20), name="people", schema=PEOPLE, decisions=MASKED)
    draft = send(services, editor, people(2000, 1), mode="append", name="people")
    table = sent(draft)
    assert draft.status == "valid"
    assert table.risk is not None
    assert (table.rows, table.risk["rows"], table.risk["k"]) == (21, 21, 21)  # one row alone would be singled out
    assert table.treated is not None
    assert table.treated["columns"][0]["count"] == 21
    found = rows(services, release(services, editor, draft), "people")
    assert "13800132000" not in found
    assert found.count("*") >= 21
    draft = send(services, editor, people(3000, 2, "西湖"), mode="append", name="people")
    risk = sent(draft).risk
    assert risk is not None
    assert (risk["k"], risk["level"]) == (2, "block")


@pytest.mark.slow
def test_rows_that_were_treated_otherwise_cannot_be_added(services: Services, editor: Actor) -> None:
    publish(services, editor, people(1000, 20), name="people", schema=PEOPLE, decisions=MASKED)
    other = {"columns": [{"field": "phone", "treatment": "not-personal", "reason": "official-contact"}]}
    draft = send(services, editor, people(2000, 20), mode="append", name="people", decisions=other)
    assert draft.status == "invalid"
    assert draft.report is not None
    assert "(phone)" in draft.report["tasks"][0]["errors"][0]["message"]
    aggregate = {"columns": [], "aggregate": {"by": ["town"], "sum": [], "threshold": 3}}
    draft = send(services, editor, people(2000, 20), mode="append", name="people", decisions=aggregate)
    assert "aggregated" in draft.report["tasks"][0]["errors"][0]["message"]  # type: ignore[index]


def test_what_is_unusual_is_told_by_how_the_table_changed_before(services: Services, editor: Actor) -> None:
    for number in (10, 11, 12):
        release(services, editor, send(services, editor, HEAD + month(number)))
    listed = services.watching.list_unusual
    draft = send(services, editor, HEAD + month(8, towns=TOWNS[:4]))
    assert listed(editor, draft.id) == {}
    draft = send(services, editor, HEAD + month(8, towns=TOWNS[:1]))
    (alarm,) = listed(editor, draft.id)["population"]
    assert alarm.code == "added"
    said = say_unusual(voice_of("en"), alarm.code, alarm.params)
    assert said == "Usually 5 rows are added to “population”; this time 1"
    draft = send(services, editor, HEAD + month(8), name="population", mode=None)
    (alarm,) = listed(editor, draft.id)["population"]
    assert (alarm.code, alarm.switch) == ("grows", "append")
    whole = HEAD + "".join(month(number) for number in (9, 10, 11, 12))
    draft = send(services, editor, whole, name="population", mode="append")
    (alarm,) = listed(editor, draft.id)["population"]
    assert (alarm.code, alarm.switch) == ("whole", "replace")


@pytest.mark.slow
def test_a_table_that_is_replaced_by_other_rows_each_month_raises_no_alarm(services: Services, editor: Actor) -> None:
    for number in range(10, 13):
        text = HEAD + month(9, towns=TOWNS[:2]) + month(number, towns=TOWNS[2:])
        release(services, editor, send(services, editor, text, name="population", mode="replace"))
    text = HEAD + month(9, towns=TOWNS[:2]) + month(8, towns=TOWNS[2:])
    draft = send(services, editor, text, name="population", mode="replace")
    changes = sent(draft).changes
    assert changes is not None
    assert (changes["removed"], services.watching.list_unusual(editor, draft.id)) == (3, {})


@pytest.mark.slow
def test_a_draft_with_the_rows_of_an_erased_version_goes_with_it(services: Services, editor: Actor) -> None:
    release(services, editor, send(services, editor, HEAD + month(9, people=7)))
    late = send(services, editor, HEAD + month(11))
    gone = send(services, editor, HEAD + month(12), file="december.csv", mode=None)
    services.withdrawals.withdraw(
        SYSTEM, "reservoirs", "1.0.1", reason="names", legal_basis="law", erase=True, resources=["population"]
    )
    assert [services.drafts.get(editor, item.id).status for item in (late, gone)] == ["discarded", "valid"]
    blobs = services.settings.private_folder / "blobs"
    assert not [
        path
        for path in blobs.rglob("*")
        if path.is_file() and b"2026-09,\xe4\xb8\x9c\xe6\xb9\x96,7," in path.read_bytes()
    ]


@pytest.mark.slow
def test_lists_of_drafts_say_no_mode_that_they_do_not_know(services: Services, editor: Actor) -> None:
    send(services, editor, HEAD + month(10), name="population", mode=None)
    sent_first, *_ = services.drafts.list(editor, dataset="reservoirs").items
    assert sent(sent_first).edition is not None
    assert sent(sent_first).edition.mode is None  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_second_file_for_the_same_table_is_asked_about(services: Services, editor: Actor) -> None:
    options = [ResourceOption(file=f"2026-{number}.csv", mode=AUTO) for number in (10, 11)]
    files = [UploadedFile(f"2026-{number}.csv", io.BytesIO((HEAD + month(number)).encode())) for number in (10, 11)]
    view, _ = services.drafts.create(editor, "reservoirs", files, options)
    services.work.run_to_end(view.id)
    first, second = services.drafts.get(editor, view.id).tables
    assert first.edition is not None
    assert second.edition is not None
    assert (first.name, first.edition.mode, first.edition.asks) == ("population", "append", False)
    assert (second.edition.mode, second.edition.asks) == ("new", True)
    assert "send this one with the next draft" in second.edition.reason
    services.drafts.drop_resource(editor, view.id, second.name)
    services.work.run_to_end(view.id)
    assert services.drafts.submit(editor, view.id).status == "submitted"


@pytest.mark.slow
def test_what_came_of_an_earlier_check_is_forgotten(services: Services, editor: Actor) -> None:
    draft = send(services, editor, HEAD + month(10))
    strict = {
        **SCHEMA,
        "fields": [{**item, "constraints": {"maxLength": 1}} if item["name"] == "town" else item for item in FIELDS],
    }
    services.drafts.change_resource(editor, draft.id, "population", {"schema": strict})
    services.work.run_to_end(draft.id)
    edition = sent(services.drafts.get(editor, draft.id)).edition
    assert edition is not None
    assert (edition.mode, edition.part, edition.is_broken) == ("append", None, False)


def make_workbook(number: int) -> bytes:
    """Two districts with the same columns, and a list that stays, each on its sheet, under a title."""
    book = openpyxl.Workbook()
    for place, sheet in enumerate(("东城", "西城", "道路")):
        page = book.active if not place else book.create_sheet()
        page.title = sheet
        if sheet == "道路":
            lines = [["编号", "名称", "长度"], *([f"R{row}", f"路{row}", row + number] for row in range(4))]
        else:
            lines = [["月份", "乡镇", "人口"], *([f"2026-{number:02}", town, 100 + place] for town in TOWNS)]
        for line in [[f"2026年{number}月{sheet}统计表"], *lines]:
            page.append(line)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.slow
def test_each_sheet_of_the_next_workbook_finds_its_table(services: Services) -> None:
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    for number in (9, 10, 11):
        file = f"2026年{number:02}月统计.xlsx"
        files = [UploadedFile(file, io.BytesIO(make_workbook(number)))]
        view, _ = services.drafts.create(actor, "reservoirs", files, [ResourceOption(file=file, mode=AUTO)])
        services.work.run_to_end(view.id)
        view = services.drafts.get(actor, view.id)
        found = [(item.edition.mode, item.edition.asks, item.rows) for item in view.tables if item.edition]
        districts = ("new", False, 5) if number == 9 else ("append", False, 5 * (number - 8))
        assert found == [districts, districts, ("new" if number == 9 else "replace", False, 4)]
        release(services, actor, view)
    assert len(services.versions.get_manifest("reservoirs", "1.2.0").tables) == 3
    assert "2026-11,东湖,101" in rows(services, "1.2.0", "tong-ji-xi-cheng")


def test_new_figures_for_the_same_towns_are_no_loss_although_no_key_is_declared(
    services: Services, editor: Actor
) -> None:
    towns = {"fields": FIELDS[1:]}
    text = "town,people,births\n" + "".join(f"{town},{{}}{place},{place}\n" for place, town in enumerate(TOWNS))
    publish(services, editor, text.format(*"12345"), name="towns", schema=towns)
    draft = send(services, editor, text.format(*"56789"), file="towns.csv")
    changes = sent(draft).changes
    assert changes is not None
    assert (changes["removed"], services.watching.list_unusual(editor, draft.id)) == (5, {})
    fewer = "".join(text.format(*"56789").splitlines(keepends=True)[:4])
    draft = send(services, editor, fewer, file="towns.csv")
    (alarm,) = services.watching.list_unusual(editor, draft.id)["towns"]
    assert (alarm.code, alarm.params["count"], alarm.params["total"]) == ("lost", 2, 5)


def test_rows_that_are_added_are_no_loss_although_no_key_is_declared(services: Services, editor: Actor) -> None:
    publish(services, editor, HEAD + month(9), name="keyless", schema=KEYLESS)
    draft = send(services, editor, HEAD + month(10), file="keyless.csv", mode="append", name="keyless")
    assert services.watching.list_unusual(editor, draft.id) == {}


def test_a_key_in_another_notation_meets_its_row_and_one_that_cannot_be_read_is_asked_about(
    services: Services, editor: Actor
) -> None:
    draft = send(services, editor, HEAD + "2026年9月,东湖,101,0\n2026/10,东湖,5,0\n九月,西湖,7,0\n", mode="append")
    edition = sent(draft).edition
    assert edition is not None
    assert edition.part is not None
    counts = {name: edition.part[name] for name in ("added", "corrected", "repeated", "unread")}
    assert counts == {"added": 2, "corrected": 1, "repeated": 0, "unread": {"month": ["九月"]}}
    assert edition.asks
    services.drafts.change_resource(editor, draft.id, "population", {"mode": "append"})
    found = rows(services, release(services, editor, services.drafts.get(editor, draft.id)))
    assert "2026-09,东湖,101,0\n" in found
    assert "2026年9月" not in found
