"""Files that were found before: found again without the services, and never where they may not be had any more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from tests.web.conftest import Portal


def test_a_part_of_a_known_file_needs_no_statement_of_the_services(portal: Portal) -> None:
    client, statements = portal.client(), list[str]()
    name = client.get("/datasets/reservoirs/1.1.0/datapackage.json").json["resources"][0]["path"]
    path = f"/datasets/reservoirs/1.1.0/{name}"
    client.get(path)

    def note(_one: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = portal.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    answer = client.get(path, headers={"Range": "bytes=0-9"})
    event.remove(engine, "before_cursor_execute", note)
    assert (answer.status_code, len(answer.data)) == (206, 10)
    assert statements == []
