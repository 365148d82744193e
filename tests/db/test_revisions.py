"""The revision of public pages: moved by the commit of what they show, by nothing else, and seen by other processes."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text

from opendata.db.models import Base, Download, Failures, SiteFile
from opendata.db.revisions import QUIET, Revisions, find_written
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services


def test_what_a_statement_writes_is_told_from_its_words() -> None:
    assert find_written('INSERT INTO "datasets" (id) VALUES (?)') == "datasets"
    assert find_written("insert or replace into datasets VALUES (1)") == "datasets"
    assert find_written("UPDATE versions SET state = ? WHERE id = ?") == "versions"
    assert find_written("DELETE FROM versions") == "versions"
    assert find_written("WITH found AS (SELECT 1) UPDATE versions SET state = 1") == ""
    assert find_written("COPY datasets FROM STDIN") == ""
    assert find_written("SELECT id FROM datasets FOR UPDATE") is None
    assert find_written("PRAGMA data_version") is None


def test_tables_that_are_quiet_exist() -> None:
    assert set(QUIET) <= set(Base.metadata.tables)


@pytest.mark.both_databases
def test_each_commit_of_what_pages_show_moves_the_revision(services: Services) -> None:
    database, other = services.database, Revisions(services.database.engine)
    seen = [database.revisions.read() or (0, 0, 0)]

    def has_moved() -> bool:
        found = database.revisions.read()
        assert found is not None
        seen.append(found)
        assert other.read() == seen[-1]  # as another process has it
        return seen[-1][:2] != seen[-2][:2]

    assert not has_moved()
    with database.unit() as session:
        session.execute(text("SELECT 1"))
    assert not has_moved()
    with database.unit(write=True) as session:
        session.execute(delete(Download))
    assert not has_moved()
    assert seen[-1][2] == seen[-2][2] + 1
    with database.unit(write=True) as session:
        session.execute(delete(Failures))
    assert not has_moved()
    assert seen[-1] == seen[-2]
    with database.unit(write=True) as session:
        session.execute(delete(SiteFile))
        assert not has_moved()  # it is committed with the change, not before
    assert has_moved()
    with pytest.raises(ZeroDivisionError), database.unit(write=True) as session:  # noqa: PT012
        session.execute(delete(SiteFile))
        raise ZeroDivisionError
    assert not has_moved()
    with database.unit(write=True) as session:
        session.execute(delete(Failures))
    assert not has_moved()  # what was rolled back before says nothing of it
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    assert has_moved()
    assert len({item[:2] for item in seen}) == 3
    other.close()


def test_without_an_answer_there_is_no_revision(services: Services) -> None:
    with services.database.unit(write=True) as session:
        session.execute(text("DROP TABLE page_revisions"))
    assert services.database.revisions.read() is None
