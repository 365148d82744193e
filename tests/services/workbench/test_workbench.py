"""A schema is begun, kept while it is edited, undone, counted over all rows, and saved where it belongs."""

from __future__ import annotations

import io
from typing import Any

import pytest

from opendata.errors import InvalidSchemaError, NotFoundError, NotPermittedError, StateError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.workbench.states import BenchState
from opendata.services.workbench.workbench import Origin
from opendata.wiring import Services
from tests.instances import make_actor

TABLE = "代码,水位,日期\nA001,12.5,2026-01-31\nA002,高,2026-02-01\nA002,3,\n"
FIELDS: list[dict[str, Any]] = [
    {"name": "code", "type": "string", "title": "代码", "constraints": {"unique": True}},
    {"name": "level", "type": "number", "opendata": {"aliases": ["水位"]}},
    {"name": "日期", "type": "date", "constraints": {"required": True}},
]


def send(services: Services, editor: Actor, text: str = TABLE, **option: Any) -> DraftView:
    files = [UploadedFile("levels.csv", io.BytesIO(text.encode()))]
    view, _ = services.drafts.create(editor, "reservoirs", files, [ResourceOption(file="levels.csv", **option)])
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


@pytest.fixture
def draft(services: Services, editor: Actor) -> DraftView:
    return send(services, editor)


@pytest.mark.slow
def test_a_schema_is_made_from_the_columns_counted_mended_and_saved(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    bench = services.workbench.start(editor, draft.id, "levels", Origin.COLUMNS)
    assert [item["name"] for item in bench.state.schema["fields"]] == ["代码", "水位", "日期"]
    bench = services.workbench.adopt(editor, draft.id, "levels", {"fields": FIELDS})
    assert bench.state.sources == ("代码", "水位", "日期")  # by title, alias and name
    found = services.counts.count(editor, draft.id, "levels", bench.state)
    assert found.rows == 3
    told = {
        place: [(cell["row"], cell["cell"], cell["rule"]) for cell in item.cells]
        for place, item in found.fields.items()
    }
    assert told == {0: [(4, "A002", "unique")], 1: [(3, "高", "type")], 2: [(4, "", "required")]}
    one = services.counts.count(editor, draft.id, "levels", bench.state, only=[1])
    assert (list(one.fields), one.fields[1].errors) == ([1], 1)
    mended = [{"name": "code"}, {**FIELDS[1], "type": "string"}, {"name": "日期", "type": "date"}]
    services.workbench.keep(
        editor, draft.id, "levels", BenchState(schema={"fields": mended}, sources=bench.state.sources)
    )
    services.workbench.save(editor, draft.id, "levels")
    services.work.run_to_end(draft.id)
    (table,) = services.drafts.get(editor, draft.id).tables
    assert table.valid
    assert table.choices is not None
    assert table.choices["columns"] == {"代码": "code", "水位": "level", "日期": "日期"}
    assert services.workbench.show(editor, draft.id, "levels").is_saved


def test_states_are_undone_and_redone_and_what_is_undone_is_forgotten_by_the_next(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    def names(bench: Any) -> list[str]:
        return [item["name"] for item in bench.state.schema["fields"]]

    workbench = services.workbench
    first = workbench.show(editor, draft.id, "levels")
    assert (first.undo, first.redo) == (0, 0)
    workbench.keep(editor, draft.id, "levels", BenchState(schema={"fields": [{"name": "a"}]}))
    kept = workbench.keep(editor, draft.id, "levels", BenchState(schema={"fields": [{"name": ""}]}))
    assert (kept.undo, [item.pointer for item in kept.faults]) == (2, ["/fields/0"])
    assert names(workbench.undo(editor, draft.id, "levels")) == ["a"]
    back = workbench.undo(editor, draft.id, "levels")
    assert (names(back), back.undo, back.redo) == (names(first), 0, 2)
    assert names(workbench.redo(editor, draft.id, "levels")) == ["a"]
    other = workbench.keep(editor, draft.id, "levels", BenchState(schema={"fields": [{"name": "b"}]}))
    assert (names(other), other.undo, other.redo) == (["b"], 2, 0)


@pytest.mark.slow
def test_a_wrong_schema_is_kept_but_not_saved_and_its_other_fields_are_counted(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    fields = [{**FIELDS[0], "constraints": {"minLength": "x"}}, FIELDS[1], FIELDS[2]]
    state = BenchState(schema={"fields": fields, "primaryKey": ["nothing"]}, sources=("代码", "水位", "日期"))
    services.workbench.keep(editor, draft.id, "levels", state)
    with pytest.raises(InvalidSchemaError):
        services.workbench.save(editor, draft.id, "levels")
    assert list(services.counts.count(editor, draft.id, "levels", state).fields) == [1, 2]


def test_what_is_saved_for_the_next_files_counts_until_there_is_a_newer_word(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    services.workbench.adopt(editor, draft.id, "levels", {"fields": FIELDS})
    services.workbench.save(editor, draft.id, "levels", for_next=True)
    following = send(services, editor)
    assert [item["name"] for item in following.tables[0].schema["fields"]] == ["code", "level", "日期"]  # type: ignore[index]
    send(services, editor, schema={"fields": [{"name": "x"}]})
    assert send(services, editor).tables[0].schema is None


def test_a_schema_of_the_library_keeps_its_name_until_it_is_mended(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    services.schemas.add(boss, "levels", "1.0.0", {"fields": FIELDS})
    bench = services.workbench.start(editor, draft.id, "levels", Origin.LIBRARY, "levels")
    assert bench.state.ref == "levels@1.0.0"
    assert services.workbench.save(editor, draft.id, "levels").tables[0].schema_name == "levels@1.0.0"
    mended = BenchState(
        schema={"fields": [*FIELDS[:2], {"name": "日期"}]}, sources=bench.state.sources, ref=bench.state.ref
    )
    services.workbench.keep(editor, draft.id, "levels", mended)
    services.work.run_to_end(draft.id)
    assert services.workbench.save(editor, draft.id, "levels").tables[0].schema_name == ""
    with pytest.raises(NotFoundError):
        services.workbench.start(editor, draft.id, "levels", Origin.LIBRARY, "nothing@1.0.0")


@pytest.mark.slow
def test_what_is_counted_is_what_the_report_says_once_the_schema_is_saved(services: Services, editor: Actor) -> None:
    text = "站,2018年,2019年,备注\n甲,1,x,\n,2,3,\n乙,,5\n合计,3,8,\n"
    draft = send(services, editor, text)
    steps = [
        {"verb": "leave-out", "field": "站", "what": "totals"},
        {"verb": "fill-down", "field": "站"},
        {"verb": "drop", "field": "备注"},
        {"verb": "unpivot", "columns": "years", "name": "年份", "value": "水位"},
    ]
    services.drafts.change_resource(editor, draft.id, "levels", {"recipe": {"steps": steps}})
    services.work.run_to_end(draft.id)
    bench = services.workbench.show(editor, draft.id, "levels")
    assert bench.labels == ["站", "年份", "水位"]
    fields = [
        {"name": "level", "type": "number", "constraints": {"required": True}},
        {"name": "station", "constraints": {"unique": True}},
        {"name": "年份", "type": "year"},
    ]
    state = BenchState(schema={"fields": fields}, sources=("水位", "站", "年份"))
    found = services.counts.count(editor, draft.id, "levels", state)
    assert found.table is not None
    assert [(item.names, item.errors) for item in found.fields.values()] == [
        (["level"], 2),
        (["station"], 4),
        (["年份"], 0),
    ]
    assert found.table.errors == 0
    services.workbench.keep(editor, draft.id, "levels", state)
    services.workbench.save(editor, draft.id, "levels")
    services.work.run_to_end(draft.id)
    (table,) = services.drafts.get(editor, draft.id).tables
    assert table.errors == 6
    saved = services.workbench.show(editor, draft.id, "levels")
    assert (saved.is_saved, saved.state.sources) == (True, ["level", "station", "年份"])


@pytest.mark.slow
def test_only_its_editors_see_the_workbench_and_what_ends_leaves_nothing(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    services.publishers.ensure(
        make_actor(services, "boss", role="maintainer"), {"id": "road-bureau", "title": "道路局"}
    )
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    state = BenchState(schema={"fields": FIELDS}, sources=("代码", "水位", "日期"))
    for step in (
        lambda: services.workbench.show(stranger, draft.id, "levels"),
        lambda: services.counts.count(stranger, draft.id, "levels", state),
    ):
        with pytest.raises((NotPermittedError, NotFoundError)):
            step()
    services.workbench.keep(editor, draft.id, "levels", state)
    services.counts.count(editor, draft.id, "levels", state)
    services.drafts.discard(editor, draft.id)
    with pytest.raises(StateError):
        services.workbench.show(editor, draft.id, "levels")
    with pytest.raises(StateError):
        services.counts.count(editor, draft.id, "levels", state)
    assert services.originals.count(editor, draft.id).files > 1
    services.originals.erase(editor, draft.id)
    assert services.originals.count(editor, draft.id).files == 0
    from opendata.db.models import DraftResource, SchemaBench

    with services.database.unit() as session:
        assert session.query(SchemaBench).count() == 0
        assert session.query(DraftResource.texts).scalar() is None


@pytest.mark.slow
def test_a_table_that_is_read_differently_is_copied_again_and_the_old_copy_goes(
    services: Services, editor: Actor, draft: DraftView
) -> None:
    from opendata.db.models import DraftResource

    def count() -> tuple[int, str]:
        state = services.workbench.show(editor, draft.id, "levels").state
        rows = services.counts.count(editor, draft.id, "levels", state).rows
        with services.database.unit() as session:
            return rows, str(session.query(DraftResource.texts).scalar())

    rows, first = count()
    assert (rows, count()) == (3, (3, first))  # made once
    services.drafts.change_resource(editor, draft.id, "levels", {"choices": {"first_row": 3}})
    services.work.run_to_end(draft.id)
    rows, second = count()
    assert rows == 2
    private = services.settings.private_folder / "blobs/sha256"
    assert not (private / first[:2] / first).exists()
    assert (private / second[:2] / second).exists()
