"""Corrected files come into the draft they correct: what was said of its tables holds on, and nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from opendata.errors import InvalidMetadataError, NotPermittedError, StateError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption, Sent
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import CSV, SCHEMA, make_actor, upload
from tests.services.drafts.test_readings import make_workbook, send

CODES = {"fields": [{"name": "code", "type": "string"}, {"name": "n", "type": "integer"}]}


def send_again(
    services: Services, actor: Actor, draft: str, files: Mapping[str, str | bytes], **names: str
) -> DraftView:
    """Send files into a draft, and check it."""
    sent = [
        UploadedFile(name, io.BytesIO(data.encode() if isinstance(data, str) else data)) for name, data in files.items()
    ]
    options = [ResourceOption(file=file, name=name) for file, name in zip(files, names.values(), strict=False)]
    services.drafts.receive_again(actor, draft, lambda: Sent(files=sent, options=options))
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def test_a_corrected_file_keeps_schema_repairs_and_title(services: Services, editor: Actor) -> None:
    wrong = CSV.replace("12.50", "十二").replace("A002", " A002")
    draft = upload(services, editor, wrong, title="水位表")
    repairs = [{"fieldName": "code", "kind": "trim-blanks"}]
    assert draft.status == "invalid"
    before = next(item for item in draft.resources)
    services.drafts.change_resource(editor, draft.id, "levels", {"repairs": repairs})
    found = send_again(services, editor, draft.id, {"改正.csv": CSV})
    table = found.resources[0]
    assert (found.status, table.name, table.title, table.file) == ("valid", "levels", "水位表", "改正.csv")
    steps = [{"verb": "repair", "field": "code", "kind": "trim-blanks"}]
    assert (table.schema, table.recipe) == (before.schema, {"steps": steps})
    assert len(found.resources) == 1


def test_further_files_come_beside_and_a_dropped_table_comes_back(services: Services, editor: Actor) -> None:
    draft = upload(services, editor)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    draft = upload(services, editor, "a\n1\n", name="other", schema=None)
    services.drafts.drop_resource(editor, draft.id, "levels")
    found = send_again(services, editor, draft.id, {"levels.csv": CSV, "说明.txt": "附注"}, first="levels")
    assert (found.status, list(found.dropped)) == ("valid", [])
    assert {item.name for item in found.resources if not item.carried} >= {"other", "levels"}
    assert found.resources[-1].type in ("attachment", "table")
    again = send_again(services, editor, draft.id, {"说明.txt": "另一附注"})
    assert len(again.attachments) == len(found.attachments)


def test_the_sheets_of_a_corrected_workbook_stay_the_tables_they_were(services: Services, editor: Actor) -> None:
    rows = [["code", "n"], ["A", 1], ["B", 2]]
    draft = send(services, editor, "book.xlsx", make_workbook(甲=rows, 乙=rows))
    second = draft.tables[1].name
    services.drafts.change_resource(editor, draft.id, second, {"schema": CODES})
    services.work.run_to_end(draft.id)
    more = [*rows, ["C", 3]]
    found = send_again(services, editor, draft.id, {"book改.xlsx": make_workbook(甲=more, 乙=more)}, first="book")
    assert [(item.name, item.rows, item.file) for item in found.tables] == [
        ("book", 3, "book改.xlsx"),
        (second, 3, "book改.xlsx"),
    ]
    assert found.tables[1].schema is not None
    assert [field["type"] for field in found.tables[1].schema["fields"]] == ["string", "integer"]
    lost = send_again(services, editor, draft.id, {"book.xlsx": make_workbook(甲=more)}, first="book")
    assert (lost.status, [item.valid for item in lost.tables]) == ("invalid", [True, False])
    assert lost.report is not None
    assert "doesn't have this table" in str(lost.report["tasks"][1]["errors"][0]["message"])
    services.drafts.drop_resource(editor, draft.id, second)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "valid"


def test_the_next_workbook_is_checked_by_the_schemas_of_its_sheets(services: Services, editor: Actor) -> None:
    rows = [["code", "n"], ["A", 1]]
    draft = send(services, editor, "book.xlsx", make_workbook(甲=rows, 乙=rows))
    second = draft.tables[1].name
    services.drafts.change_resource(editor, draft.id, second, {"schema": CODES})
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id, Submission(reason="test"))
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).version == "1.0.0"
    found = send(services, editor, "book.xlsx", make_workbook(甲=rows, 乙=[*rows, ["B", "x"]]))
    assert (found.status, found.tables[1].name, found.tables[1].valid) == ("invalid", second, False)


def test_what_may_not_be_sent_is_refused_before_it_is_read(services: Services, editor: Actor) -> None:
    draft = upload(services, editor)
    with pytest.raises(InvalidMetadataError, match=r"file"):
        services.drafts.receive_again(editor, draft.id, lambda: Sent(files=[]))
    services.publishers.ensure(make_actor(services, "head", role="maintainer"), {"id": "road-bureau", "title": "路"})
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    with pytest.raises(NotPermittedError):
        services.drafts.receive_again(stranger, draft.id, pytest.fail)
    services.drafts.discard(editor, draft.id)
    with pytest.raises(StateError, match="discarded"):
        services.drafts.receive_again(editor, draft.id, pytest.fail)
    assert SCHEMA["fields"]


@pytest.fixture
def services(tmp_path) -> Services:
    from tests.instances import DATASET, make_services

    found = make_services(tmp_path / "instance")
    found.datasets.create(make_actor(found, "author"), DATASET)
    return found


@pytest.fixture
def editor(services: Services) -> Actor:
    return make_actor(services, "clerk")
