"""Processing a draft: what it asks of the database, and what is kept where it is broken off."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from opendata.db.models import Draft
from opendata.services.core.actors import Actor
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.work import processing
from opendata.wiring import Services
from tests.instances import CSV


class Asked:
    """What was asked of a database: units of work, and statements in them."""

    def __init__(self) -> None:
        self.units = 0
        self.statements: list[str] = []


@contextmanager
def watch(services: Services) -> Iterator[Asked]:
    asked = Asked()
    engine = services.database.engine

    def note_unit(*_: object) -> None:
        asked.units += 1

    def note_statement(connection: object, cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.statements.append(statement)

    event.listen(engine, "begin", note_unit)
    event.listen(engine, "before_cursor_execute", note_statement)
    yield asked
    event.remove(engine, "begin", note_unit)
    event.remove(engine, "before_cursor_execute", note_statement)


def receive(services: Services, editor: Actor, names: Sequence[str] = ("levels",)) -> str:
    files = [UploadedFile(f"{name}.csv", io.BytesIO(CSV.encode())) for name in names]
    return services.drafts.create(editor, "reservoirs", files, enqueue=False)[0].id


@pytest.mark.both_databases(slow=True)
def test_a_small_draft_takes_two_units_to_receive_and_three_to_check(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "time", SimpleNamespace(monotonic=lambda: 100.0))
    with watch(services) as received:
        draft = receive(services, editor)
    with watch(services) as checked:
        services.work.run(draft)
    assert services.drafts.get(editor, draft).status == "valid"
    assert received.units <= 2
    assert len(received.statements) <= 7, received.statements  # two hold and move the end of the audit log
    assert checked.units <= 3
    assert len(checked.statements) <= 6, checked.statements


def test_a_draft_of_many_small_tables_takes_no_more_units(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "time", SimpleNamespace(monotonic=lambda: 100.0))  # however slow the machine is
    draft = receive(services, editor, [f"table-{number}" for number in range(10)])
    with watch(services) as checked:
        services.work.run(draft)
    assert services.drafts.get(editor, draft).status == "valid"
    assert checked.units <= 3


@pytest.mark.both_databases(slow=True)
def test_the_results_of_long_work_are_kept_where_it_is_broken_off(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor, ["one", "two", "three"])
    prepare = processing.prepare_table
    seconds = 100.0
    checked = []

    def prepare_slowly(*arguments: Any, name: str, **options: Any) -> Any:
        nonlocal seconds
        checked.append(name)
        seconds += 2
        if checked == ["one", "two", "three"]:
            raise OSError("the disk is full")
        return prepare(*arguments, name=name, **options)

    monkeypatch.setattr(processing, "prepare_table", prepare_slowly)
    monkeypatch.setattr(processing, "time", SimpleNamespace(monotonic=lambda: seconds))
    services.work.run(draft)
    with services.database.unit(write=True) as session:
        row = session.get_one(Draft, draft)
        assert (row.status, [item.checked for item in row.resources]) == ("failed", [True, True, False])
        row.due = None
    services.work.run(draft)
    assert checked == ["one", "two", "three", "three"]
    assert services.drafts.get(editor, draft).status == "valid"
