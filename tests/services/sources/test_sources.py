"""A source is fetched when it is due, arrives as a draft like one that a clerk sends, and stops with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from opendata.db.models import Base, OutboxMail, Source
from opendata.domain.drafts import DraftState
from opendata.domain.sources.timetable import Cycle, Outcome, Timetable
from opendata.errors import InvalidMetadataError, NotFoundError, NotPermittedError, StateError
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.drafts.drafts import Drafts
from opendata.services.operations.backups import restore_backup
from opendata.services.sources.fetching import Fetching
from opendata.services.sources.sources import Sources
from opendata.services.sources.values import RunView, SourceInput, SourceView
from opendata.settings import Settings
from opendata.storage.secrets import SECRET_FILE
from opendata.wiring import Services, build_context, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, make_tables, publish
from tests.mail_office import Clock, mail_settings
from tests.source_servers import Site, serve_sftp, serve_site

MORE = CSV + "A003,南湖,9.75,2026-02-03\n"


@dataclass
class House:
    """An instance with a source, its clock, and the web server that the source is fetched from."""

    services: Services
    clock: Clock
    site: Site
    editor: Actor

    def put(self, path: str = "/levels.csv", **said: Any) -> SourceView:
        values = {"url": self.site.url + path, "resource": "levels", "cycle": "daily", "at": "06:00", **said}
        return self.services.sources.put(self.editor, "reservoirs", SourceInput(**values))[0]

    def run(self) -> RunView:
        """Let a worker fetch and check now; the newest run."""
        self.services.sources.ask(self.editor, "reservoirs")
        return self.wait()

    def wait(self) -> RunView:
        self.services.fetching.run_due()
        for draft in self.services.work.find():
            self.services.work.run_to_end(draft)
        self.services.fetching.run_due()
        return self.view.runs[0]

    @property
    def view(self) -> SourceView:
        return self.services.sources.get(self.editor, "reservoirs")

    def say(self, run: RunView) -> str:
        assert run.reason is not None, run
        return run.reason["message"] % run.reason["params"]

    def letters(self) -> list[tuple[str, str]]:
        with self.services.database.unit() as session:
            return [(row.kind, json.dumps(row.params)) for row in session.scalars(select(OutboxMail))]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve_site() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, site: Site, database_url: str) -> Iterator[House]:
    home = tmp_path / "instance"
    make_services(home, database_url=database_url).database.dispose()
    clock = Clock()
    settings = Settings(
        home=home,
        database_url=database_url,
        review="none",
        source_hosts=("127.0.0.0/8",),
        source_seconds=20,
        **mail_settings("smtp://127.0.0.1:9"),
    )
    services = build_services(settings, clock=clock)
    make_tables(services)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    site.answers.clear()
    site.put("/levels.csv", CSV, headers={"ETag": '"1"'})
    yield House(services, clock, site, editor)
    services.database.dispose()


def test_a_source_arrives_as_a_draft_and_an_unchanged_file_makes_none(house: House) -> None:
    house.put()
    assert house.view.due == datetime(2026, 11, 30, 22, 0, tzinfo=UTC)  # 06:00 in Shanghai
    assert house.services.fetching.run_due() == 0
    house.clock.now = datetime(2026, 11, 30, 22, 0, 1, tzinfo=UTC)
    run = house.wait()
    assert (run.outcome, run.bytes) == (Outcome.DRAFT, len(CSV.encode()))
    draft = house.services.drafts.get(house.editor, run.draft or "")
    assert (draft.status, draft.author, [item.name for item in draft.resources]) == ("valid", "editor", ["levels"])
    assert house.view.due == datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
    assert house.run().outcome == Outcome.UNCHANGED
    assert house.site.requests[-1][1]["if-none-match"] == '"1"'
    house.site.put("/levels.csv", CSV)  # the same bytes, from a server that knows no versions
    assert house.run().outcome == Outcome.UNCHANGED
    assert len(house.services.drafts.list(house.editor).items) == 1


@pytest.mark.slow
def test_the_next_file_goes_into_the_draft_under_way_unless_somebody_worked_on_it(house: House) -> None:
    house.put()
    first = house.run().draft
    house.site.put("/levels.csv", MORE)
    assert house.run().draft == first
    draft = house.services.drafts.get(house.editor, first or "")
    assert [item.rows for item in draft.tables] == [3]
    with house.services.database.unit(write=True) as session:
        session.execute(text("UPDATE draft_resources SET upload = '0'"))  # a clerk sent a corrected file
    house.site.put("/levels.csv", CSV)
    assert house.run().draft != first


@pytest.mark.slow
def test_a_submitted_draft_is_left_alone_and_a_source_can_submit(house: House) -> None:
    publish(house.services, house.editor)
    house.site.put("/levels.csv", MORE)
    house.put(submit=True)
    run = house.run()
    for draft in house.services.work.find():
        house.services.work.run_to_end(draft)
    assert house.services.drafts.get(house.editor, run.draft or "").status == DraftState.PUBLISHED
    assert house.services.datasets.get("reservoirs", house.editor).latest == "1.1.0"
    assert house.letters() == []


@pytest.mark.slow
def test_what_cannot_be_submitted_automatically_says_why_and_the_contact_gets_a_mail(house: House) -> None:
    publish(house.services, house.editor)
    house.site.put("/levels.csv", "code,name\nA001,东湖\n")
    house.put(submit=True, contact="wang@example.org")
    run = house.run()
    assert house.services.drafts.get(house.editor, run.draft or "").status == DraftState.INVALID
    house.site.put("/levels.csv", "code,name,level,measured\n")
    run = house.run()
    assert house.services.drafts.get(house.editor, run.draft or "").status == DraftState.VALID
    assert "has no rows" in house.say(house.view.runs[0])
    letters = house.letters()
    assert [kind for kind, _ in letters] == ["source-waits"] * 2
    assert all(f"/workspace/drafts/{run.draft}" in params for _, params in letters)


def test_failures_are_tried_again_with_growing_pauses_and_told_once(house: House) -> None:
    house.put("/none.csv", contact="wang@example.org")
    pauses = []
    for _ in range(4):
        run = house.run()
        assert (run.outcome, "404" in house.say(run)) == (Outcome.FAILED, True)
        due = house.view.due
        assert due is not None
        pauses.append((due - house.clock.now) // timedelta(minutes=1))
    assert pauses == [5, 10, 20, 40]
    assert [kind for kind, _ in house.letters()] == ["source-failed"]
    house.site.put("/none.csv", CSV)
    house.clock.pass_by(minutes=41)
    assert house.wait().outcome == Outcome.DRAFT


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        ("", "empty"),
        (b"\x7fELF" + b"\0" * 100, "table"),
    ],
)
def test_what_is_no_table_fails_with_its_reason(house: House, body: str | bytes, words: str) -> None:
    house.site.put("/page", body)
    house.put("/page")
    run = house.run()
    assert run.outcome == Outcome.FAILED
    assert words in house.say(run)
    assert not house.services.drafts.list(house.editor).items


def test_a_private_address_stops_a_source_until_the_operator_allows_it(house: House) -> None:
    house.put(url="http://169.254.169.254/latest/meta-data")
    run = house.run()
    assert (run.outcome, house.view.is_stopped, house.view.due) == (Outcome.STOPPED, True, None)
    assert "OPENDATA_SOURCE_HOSTS" in house.say(run)


def test_a_closed_account_or_a_lost_right_stops_its_source(house: House) -> None:
    house.put(contact="wang@example.org")
    house.services.persons.close(SYSTEM, "editor", confirmed=True)
    with house.services.database.unit(write=True) as session:
        session.execute(update(Source).values(asked=True))
    house.services.fetching.run_due()
    house.services.persons.close(SYSTEM, "editor", disabled=False)
    house.services.persons.set_roles(SYSTEM, "editor", [], "water-bureau", confirmed=True)
    with house.services.database.unit(write=True) as session:
        session.execute(update(Source).values(asked=True))
    house.services.fetching.run_due()
    runs = house.services.sources.get(SYSTEM, "reservoirs").runs
    assert [run.outcome for run in runs] == [Outcome.STOPPED] * 2
    assert "is closed" in house.say(runs[1])
    assert "can't act for" in house.say(runs[0])
    assert [kind for kind, _ in house.letters()] == ["source-stopped"] * 2


def test_a_secret_is_in_the_database_encrypted_and_nowhere_else(house: House) -> None:
    house.put(url=f"https://clerk@127.0.0.1:{house.site.port}/levels.csv", secret="ganz geheim")
    key = house.services.settings.key_folder / SECRET_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    with house.services.database.unit() as session:
        kept = [str(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    assert not [row for row in kept if "geheim" in row]
    assert "geheim" not in repr(house.view)
    assert "geheim" not in house.say(house.run())  # this server speaks no TLS
    key.unlink()
    assert "Enter it again" in house.say(house.run())
    house.services.backups.write(house.services.settings.home.parent / "backup")
    copies = (path for path in (house.services.settings.home.parent / "backup").rglob("*") if path.is_file())
    assert not [path for path in copies if b"geheim" in path.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("with_keys", [True, False])
def test_a_restored_instance_fetches_nothing_until_somebody_asks(house: House, tmp_path: Path, with_keys: bool) -> None:
    house.put(url=f"https://clerk@127.0.0.1:{house.site.port}/levels.csv", secret="geheim")
    house.services.backups.write(tmp_path / "backup", with_keys=with_keys)
    restored = replace(house.services.settings, home=tmp_path / "restored", database_url="")
    restore_backup(tmp_path / "backup", restored)
    services = build_services(restored, clock=house.clock)
    house.clock.pass_by(days=40)
    assert services.fetching.run_due() == 0
    services.sources.ask(SYSTEM, "reservoirs")
    assert services.fetching.run_due() == 1
    run = services.sources.get(SYSTEM, "reservoirs").runs[0]
    expected = (Outcome.FAILED, False) if with_keys else (Outcome.STOPPED, True)
    assert (run.outcome, "Enter it again" in house.say(run)) == expected
    services.database.dispose()


def test_a_kept_secret_is_never_sent_to_another_server(house: House) -> None:
    house.put(url="https://clerk@example.org/a.csv", secret="geheim")
    house.put(url="https://clerk@example.org/b.csv")
    assert house.view.has_secret
    for url in ("https://clerk@example.net/b.csv", "https://other@example.org/b.csv", "https://example.org:444/b.csv"):
        with pytest.raises(InvalidMetadataError, match="/secret"):
            house.put(url=url)
    house.put(url="https://example.net/b.csv", secret="")
    assert not house.view.has_secret


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"url": "ftp://example.org/a"}, "/url"),
        ({"url": "http://u@example.org/", "secret": "geheim"}, "/url"),
        ({"url": "sftp://u@example.org/{secret}"}, "/url"),
        ({"url": "https://example.org/export/{secret}"}, "/url"),
        ({"resource": "Two words"}, "/resource"),
        ({"query": "SELECT 1"}, "/query"),
        ({"url": "postgresql://u@example.org/d"}, "/query"),
        ({"url": "postgresql://u@example.org/d?host=/run", "query": "SELECT 1"}, "/url"),
        ({"host_key": "ssh-ed25519 AAAA"}, "/hostKey"),
        ({"cycle": "yearly"}, "/cycle"),
        ({"at": "25:00"}, "/at"),
        ({"cycle": "weekly", "day": 8}, "/day"),
        ({"contact": "nobody"}, "/contact"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_at_its_place(said: dict[str, Any], pointer: str) -> None:
    found = SourceInput(**{"url": "https://example.org/levels.csv", "resource": "levels", **said})
    assert [item.pointer for item in found.list_faults()] == [pointer]


def test_a_cycle_that_the_dataset_does_not_have_is_refused(house: House) -> None:
    with pytest.raises(InvalidMetadataError, match="/cycle"):
        house.put(cycle="dataset")


def test_a_source_belongs_to_the_editors_of_its_publisher(house: House) -> None:
    house.services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    stranger = make_actor(house.services, "stranger", publisher="road-bureau")
    house.put()
    sources: Sources = house.services.sources
    for call in (sources.get, sources.ask, sources.delete):
        with pytest.raises(NotPermittedError):
            call(stranger, "reservoirs")
    with pytest.raises(NotPermittedError):
        sources.put(stranger, "reservoirs", SourceInput(url=house.site.url, resource="levels"))
    sources.delete(house.editor, "reservoirs")
    assert sources.find(house.editor, "reservoirs") is None
    with pytest.raises(NotFoundError):
        sources.get(house.editor, "reservoirs")


@pytest.mark.slow
def test_a_source_follows_its_dataset_to_a_new_id_and_goes_with_it(house: House) -> None:
    house.put()
    house.run()
    house.services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    assert house.services.sources.get(house.editor, "lakes").runs
    house.services.deletion.delete(house.editor, "lakes")
    with house.services.database.unit() as session:
        assert session.scalar(select(Source)) is None


class DyingDrafts(Drafts):
    """Takes a file, and then its worker is gone."""

    def receive(self, *arguments: Any, **options: Any) -> Any:
        super().receive(*arguments, **options)
        raise SystemExit


def test_a_worker_that_dies_leaves_its_run_to_the_next_and_no_second_draft(house: House) -> None:
    house.put()
    house.services.sources.ask(house.editor, "reservoirs")
    context = build_context(house.services.settings, clock=house.clock)
    with pytest.raises(SystemExit):
        Fetching(context, DyingDrafts(context, Manifests(context.public))).run_due()
    context.database.dispose()
    assert house.services.fetching.run_due() == 0  # the dead one holds it
    house.clock.pass_by(hours=1)
    run = house.wait()
    assert [item.outcome for item in house.view.runs] == [Outcome.DRAFT]
    assert [item.id for item in house.services.drafts.list(house.editor).items] == [run.draft]


def test_saving_a_source_makes_a_run_under_way_void(house: House) -> None:
    house.put()
    house.services.sources.ask(house.editor, "reservoirs")
    house.site.put("/levels.csv", CSV, first=lambda: house.put("/other.csv"))
    house.services.fetching.run_due()
    assert (house.view.runs[0].outcome, house.view.is_waiting) == (Outcome.FAILED, False)
    assert "was changed" in house.say(house.view.runs[0])
    assert not house.services.drafts.list(house.editor).items


@pytest.mark.slow
def test_a_person_accepts_the_key_of_an_sftp_server(house: House, tmp_path: Path) -> None:
    (tmp_path / "sftp").mkdir()
    (tmp_path / "sftp" / "levels.csv").write_text(CSV)
    with serve_sftp(tmp_path / "sftp") as server:
        house.put(url=server.url, secret=server.password)
        assert house.run().outcome == Outcome.STOPPED
        assert (house.view.offered_key, house.view.fingerprint) == (server.host_key, server.fingerprint)
        assert house.letters() == []
        with pytest.raises(StateError):
            house.services.sources.ask(house.editor, "reservoirs", accept_key="ssh-ed25519 AAAA")
        house.services.sources.ask(house.editor, "reservoirs", accept_key=server.host_key)
        assert house.wait().outcome == Outcome.DRAFT
        assert house.view.host_key == server.host_key


@pytest.mark.slow
def test_the_rows_of_a_database_become_a_draft_with_its_types(house: House, postgresql_database: str) -> None:
    url = postgresql_database.replace("postgresql+psycopg://postgres@", "postgresql://postgres@")
    house.put(url=url, query="SELECT 'A001' AS code, 1.50::numeric(5,2) AS level, DATE '2026-01-31' AS measured")
    run = house.run()
    draft = house.services.drafts.get(house.editor, run.draft or "")
    assert draft.status == DraftState.VALID, draft
    assert house.run().outcome == Outcome.UNCHANGED


def utc(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cycle", "day", "update", "zone", "after", "expected"),
    [
        ("hourly", 1, "", "Asia/Shanghai", utc(3, 1, 4, 29), utc(3, 1, 4, 30)),
        ("hourly", 1, "", "Asia/Shanghai", utc(3, 1, 4, 30), utc(3, 1, 5, 30)),
        ("hourly", 1, "", "Asia/Kolkata", utc(3, 1, 4, 59), utc(3, 1, 5, 0)),
        ("daily", 1, "", "Asia/Shanghai", utc(3, 1, 22, 29), utc(3, 1, 22, 30)),
        ("daily", 1, "", "Asia/Shanghai", utc(3, 1, 22, 30), utc(3, 2, 22, 30)),
        ("daily", 1, "", "Europe/Berlin", utc(3, 28, 12), utc(3, 29, 4, 30)),  # the clocks go forward that night
        ("weekly", 3, "", "UTC", utc(3, 2, 0), utc(3, 4, 6, 30)),  # a Monday
        ("weekly", 1, "", "UTC", utc(3, 2, 7), utc(3, 9, 6, 30)),
        ("monthly", 28, "", "UTC", utc(2, 28, 7), utc(3, 28, 6, 30)),
        ("monthly", 1, "", "UTC", utc(12, 31, 7), utc(1, 1, 6, 30, 2027)),
        ("dataset", 5, "quarterly", "UTC", utc(2, 10, 0), utc(4, 5, 6, 30)),
        ("dataset", 5, "semiannual", "UTC", utc(7, 10, 0), utc(1, 5, 6, 30, 2027)),
        ("dataset", 1, "annual", "UTC", utc(7, 10, 0), utc(1, 1, 6, 30, 2027)),
        ("dataset", 1, "daily", "UTC", utc(7, 10, 0), utc(7, 10, 6, 30)),
        ("dataset", 1, "irregular", "UTC", utc(7, 10, 0), None),
    ],
)
def test_the_next_time_follows_the_cycle_in_the_zone_of_the_portal(
    cycle: str, day: int, update: str, zone: str, after: datetime, expected: datetime | None
) -> None:
    found = Timetable(cycle=Cycle(cycle), at="06:30", day=day).find_next(after, ZoneInfo(zone), update)
    assert found == expected
