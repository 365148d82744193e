"""The kept counts of public datasets are those that counting all of them gives, whatever happens to a dataset."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from opendata.db.counts import read_counts, recount
from opendata.db.models import Base, Dataset, DatasetCount, Publisher
from opendata.db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_counts_follow_each_change_and_counting_again_gives_the_same(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'counts.sqlite'}")
    Base.metadata.create_all(database.engine)
    with database.unit(write=True) as session:
        session.add_all(Publisher(id=name, title=name, i18n={}, created=NOW, modified=NOW) for name in ("a", "b"))
        session.flush()
        for number in range(4):
            meta = {"title": "t"}
            row = Dataset(id=f"d{number}", uuid=f"u{number}", publisher_id="a", meta=meta, created=NOW, modified=NOW)
            row.head = "1.0.0" if number else None
            session.add(row)
    with database.unit(write=True) as session:
        assert read_counts(session) == {"a": 3}
        rows = {row.id: row for row in session.query(Dataset)}
        rows["d0"].editions = 1
        rows["d1"].publisher_id = "b"
        rows["d2"].head = "1.1.0"
        session.delete(rows["d3"])
    with database.unit(write=True) as session:
        assert read_counts(session) == {"a": 2, "b": 1}
        recount(session)
        assert read_counts(session) == {"a": 2, "b": 1}
        assert session.query(DatasetCount).count() == 2
    database.dispose()
