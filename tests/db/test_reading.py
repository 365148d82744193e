"""What reads shares one session inside `reading`; what writes has its own, and others see nothing of it."""

import threading

import pytest
from sqlalchemy import text

from opendata.db.session import Database


@pytest.fixture
def database(tmp_path):
    found = Database(f"sqlite:///{tmp_path / 'shared.db'}")
    with found.unit(write=True) as session:
        session.execute(text("CREATE TABLE things (name TEXT)"))
    yield found
    found.dispose()


def test_reading_shares_a_session(database):
    with database.unit() as one, database.unit() as other:
        assert one is not other
    with database.reading():
        with database.unit() as first:
            pass
        with database.unit() as second, database.unit(write=True) as writing:
            assert second is first
            assert writing is not first
            writing.execute(text("INSERT INTO things VALUES ('a')"))
    with database.unit() as session:
        assert session is not first
        assert session.scalar(text("SELECT count(*) FROM things")) == 1


def test_other_threads_and_failures_share_nothing(database):
    found = []

    def look():
        with database.unit() as session:
            found.append(session)

    with pytest.raises(ZeroDivisionError), database.reading():  # noqa: PT012
        with database.unit() as shared:
            pass
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert found[0] is not shared
        1 / 0  # noqa: B018
    look()
    assert found[1] is not shared
