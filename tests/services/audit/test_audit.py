"""The audit log: chained, read by page, proved unchanged, cut at its old end."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import text

from opendata.db.models import Event, EventChain
from opendata.domain.access.origin import Origin
from opendata.errors import InputError, NotPermittedError, NotSignedInError, UnreadableFileError
from opendata.services.audit.events import EventFilter
from opendata.services.audit.verifying import Verified, verify_export
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.event_chain import chain_past, describe_event, hash_event
from opendata.services.operations.backups import restore_backup
from opendata.settings import Settings
from opendata.wiring import Services, build_context, build_services
from tests.instances import PUBLISHER, make_actor, make_services

BOSS = Actor("boss", SYSTEM.role, address="203.0.113.77")


def log(services: Services, count: int, *, prefix: str = "") -> None:
    """Events `look` at `thing` 0, 1, …, each in a unit of work of its own."""
    for number in range(count):
        services.events.note_download(BOSS, f"/{prefix}{number}")


def begin(services: Services) -> int:
    """The number of the last event that is there before a test begins."""
    with services.database.unit() as session:
        head = session.get(EventChain, 1)
        return head.position if head else 0


def run_sql(services: Services, statement: str, **values: object) -> None:
    """What somebody does who can write to the database."""
    with services.database.engine.begin() as connection:
        connection.execute(text(statement), values)


def verify(services: Services) -> Verified:
    return services.verifying.run(SYSTEM)


def find_break(services: Services) -> tuple[str, int] | None:
    found = verify(services).found
    return None if found is None else (found.kind, int(found.event))


def later(services: Services, **span: float) -> Services:
    """The same instance at a later time."""
    moment = datetime.now(UTC) + timedelta(**span)
    return build_services(services.settings, clock=lambda: moment)


@pytest.mark.both_databases
def test_every_event_carries_the_digest_of_itself_and_of_the_one_before(services: Services) -> None:
    log(services, 3)
    documents = [json.loads(line) for line in services.events.export_lines(SYSTEM)]
    assert [item["number"] for item in documents] == list(range(1, len(documents) + 1))
    previous = None
    for item in documents:
        assert item["previous"] == previous
        previous = item["digest"]
        assert previous == sha256(rfc8785.dumps({**item, "digest": None})).hexdigest()
    assert documents[-1]["address"] == "203.0.113.0/24"
    found = verify(services)
    assert (found.found, found.events, found.first, found.last) == (None, len(documents), 1, len(documents))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE events SET actor = 'somebody' WHERE position = :n", ("changed", 0)),
        pytest.param(
            *("UPDATE events SET details = '{\"a\": 1}' WHERE position = :n", ("changed", 0)), marks=pytest.mark.slow
        ),
        pytest.param(*("UPDATE events SET digest = 'x' WHERE position = :n", ("changed", 0)), marks=pytest.mark.slow),
        ("DELETE FROM events WHERE position = :n", ("removed", 0)),
        ("DELETE FROM events WHERE position > :n", ("removed", 1)),
        pytest.param(*("UPDATE event_chain SET position = position + 2", ("removed", 5)), marks=pytest.mark.slow),
        (
            "INSERT INTO events (at, actor, verb, subject_kind, subject, details, address)"
            " SELECT at, 'somebody', verb, subject_kind, subject, details, address FROM events WHERE position = :n",
            ("inserted", None),
        ),
        (
            "INSERT INTO events (at, actor, verb, subject_kind, subject, details, address, position, previous, digest)"
            " SELECT at, actor, verb, subject_kind, subject, details, address, position + 5, digest, 'x' FROM events"
            " WHERE position = :n",
            ("changed", 5),
        ),
    ],
)
def test_the_first_break_is_named(services: Services, statement: str, expected: tuple[str, int | None]) -> None:
    log(services, 5)
    target = begin(services) - 4
    run_sql(services, statement, n=target)
    found = verify(services).found
    assert found is not None
    kind, offset = expected
    assert found.kind == kind
    if offset is not None:
        assert int(found.event) == target + offset


def test_an_event_put_between_others_with_all_numbers_moved_up_is_named(services: Services) -> None:
    log(services, 4)
    target = begin(services) - 1
    documents = {item["number"]: item for item in map(json.loads, services.events.export_lines(SYSTEM))}
    run_sql(services, "UPDATE events SET position = -position - 1 WHERE position >= :n", n=target)
    run_sql(services, "UPDATE events SET position = -position WHERE position < 0")
    run_sql(services, "UPDATE event_chain SET position = position + 1")
    with services.database.unit(write=True) as session:
        forged = Event(at=datetime.now(UTC), actor="x", verb="look", subject_kind="thing", subject="1", details={})
        forged.position, forged.previous, forged.address = target, documents[target - 1]["digest"], ""
        forged.digest = hash_event(describe_event(forged))
        session.add(forged)
    assert find_break(services) == ("inserted", target)


def test_an_event_rewritten_with_a_fitting_digest_is_named_by_the_next_one(services: Services) -> None:
    log(services, 3)
    for target in (begin(services) - 1, begin(services)):
        with services.database.unit(write=True) as session:
            row = session.query(Event).filter_by(position=target).one()
            kept = row.actor, row.digest
            row.actor = "somebody"
            row.digest = hash_event(describe_event(row))
        assert find_break(services) == ("changed", target)
        run_sql(
            services, "UPDATE events SET actor = :a, digest = :d WHERE position = :n", a=kept[0], d=kept[1], n=target
        )
    assert find_break(services) is None


@pytest.mark.both_databases
def test_writers_at_the_same_time_make_one_chain(services: Services) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: log(services, 5, prefix=f"{number}-"), range(4)))
    found = verify(services)
    assert found.found is None
    assert found.events >= 20


def test_what_is_rolled_back_leaves_no_gap(services: Services) -> None:
    log(services, 1)
    with pytest.raises(RuntimeError):
        _fail(services)
    log(services, 1)
    assert find_break(services) is None
    assert "never" not in "".join(services.events.export_lines(SYSTEM))


def _fail(services: Services) -> None:
    context = build_context(services.settings)
    with context.write() as session:
        context.log(session, BOSS, "never", "thing", "1")
        raise RuntimeError


@pytest.mark.both_databases
def test_events_of_a_process_of_the_release_before_are_chained_for_a_day(services: Services) -> None:
    run_sql(services, "DELETE FROM event_chain")
    run_sql(services, "UPDATE events SET position = NULL, previous = NULL, digest = NULL")
    insert = (
        "INSERT INTO events (at, actor, verb, subject_kind, subject, details)"
        " VALUES ('2026-01-01 00:00:00+00:00', 'old', 'look', 'thing', :s, '{}')"
    )
    run_sql(services, insert, s="1")
    chain_past(services.database, datetime.now(UTC))
    past = begin(services)
    assert past > 0
    run_sql(services, insert, s="2")
    assert verify(services).waiting == 1
    log(services, 1)
    assert (find_break(services), begin(services)) == (None, past + 2)
    run_sql(services, insert, s="3")
    tomorrow = later(services, days=1, seconds=1)
    log(tomorrow, 1)
    found = verify(tomorrow).found
    assert found is not None
    assert found.kind == "inserted"


def test_a_new_instance_chains_nothing_that_it_did_not_write(services: Services) -> None:
    insert = (
        "INSERT INTO events (at, actor, verb, subject_kind, subject, details)"
        " VALUES ('2026-01-01 00:00:00+00:00', 'x', 'look', 'thing', '1', '{}')"
    )
    log(services, 1)
    run_sql(services, insert)
    log(services, 1)
    found = verify(services)
    assert found.found is not None
    assert (found.found.kind, found.waiting) == ("inserted", 0)


def test_a_checkpoint_names_what_was_rewritten_before_it(services: Services) -> None:
    log(services, 2)
    position = services.checkpoints.write()
    assert position == begin(services)
    assert verify(services).checkpoints == 1
    run_sql(services, "DELETE FROM events")
    run_sql(services, "DELETE FROM event_chain")
    assert find_break(services) == ("removed", 1)
    log(services, position + 1)  # somebody writes another log in its place
    assert find_break(services) == ("changed", position)


@pytest.mark.slow
def test_a_checkpoint_that_nobody_signed_is_named(services: Services) -> None:
    log(services, 1)
    position = services.checkpoints.write()
    folder = services.settings.private_folder / "audit" / "checkpoints"
    path = folder / f"{position:015d}.json"
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data.replace(b'"position":', b'"position": '))
    found = verify(services).found
    assert found is not None
    assert "isn't signed by a key of this portal" in found.error.text
    path.write_bytes(b"{}")
    found = verify(services).found
    assert found is not None
    assert "is damaged" in found.error.text


@pytest.mark.both_databases(slow=True)
def test_a_log_that_was_cut_is_verified_from_there_on(services: Services) -> None:
    log(services, 3)
    moment = datetime.now(UTC)
    last = begin(services)
    future = later(services, hours=1)
    log(future, 2)
    assert services.checkpoints.cut(SYSTEM, moment) == last
    found = verify(services)
    assert (found.found, found.first, found.events) == (None, last + 1, 3)
    assert services.checkpoints.cut(SYSTEM, moment) == 0
    run_sql(services, "DELETE FROM events WHERE position = :n", n=last + 1)
    assert find_break(services) == ("removed", last + 1)


@pytest.mark.slow
def test_the_newest_event_is_never_cut(services: Services) -> None:
    log(services, 2)
    assert services.checkpoints.cut(SYSTEM, datetime.now(UTC) + timedelta(days=1)) == begin(services) - 2
    assert (find_break(services), verify(services).events) == (None, 2)


def test_the_worker_cuts_what_is_older_than_the_log_is_kept(tmp_path: Path) -> None:
    services = make_services(tmp_path / "a", audit_retention_days=30)
    log(services, 2)
    last = begin(services)
    soon, after = later(services, days=29), later(services, days=31)
    soon.checkpoints.tidy()
    assert verify(soon).first == 1
    log(after, 1)
    after.checkpoints.tidy()
    found = verify(after)
    assert (found.found, found.first) == (None, last + 1)


@pytest.mark.slow
def test_a_restored_backup_verifies_and_so_does_one_of_before_the_chain(services: Services, tmp_path: Path) -> None:
    log(services, 2)
    services.checkpoints.write()
    services.backups.write(tmp_path / "backup", with_keys=True)
    for name, is_old in (("new", False), ("old", True)):
        if is_old:
            described = json.loads((tmp_path / "backup" / "backup.json").read_bytes())
            path = tmp_path / "backup" / "database" / "events.jsonl"
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            for row in rows:
                for column in ("position", "previous", "digest", "address"):
                    del row[column]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            described["tables"]["events"]["sha256"] = sha256(path.read_bytes()).hexdigest()
            del described["tables"]["event_chain"]
            (tmp_path / "backup" / "database" / "event_chain.jsonl").unlink()
            for record in (tmp_path / "backup" / "private" / "audit").rglob("*.json*"):
                record.unlink()
            (tmp_path / "backup" / "backup.json").write_text(json.dumps(described))
        restored = Settings(home=tmp_path / name)
        restore_backup(tmp_path / "backup", restored)
        found = verify(build_services(restored))
        assert (found.found, found.last) == (None, begin(services) + 1)  # the restore is an event too


@pytest.mark.slow
def test_a_backup_takes_no_checkpoint_that_is_newer_than_its_events(services: Services, tmp_path: Path) -> None:
    log(services, 1)
    folder = services.settings.private_folder / "audit" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / f"{begin(services) + 1:015d}.json").write_text("{}")
    services.backups.write(tmp_path / "backup")
    assert not list((tmp_path / "backup" / "private").rglob("*.json"))


@pytest.mark.slow
def test_a_rebuilt_catalogue_goes_on_after_the_newest_checkpoint(services: Services, tmp_path: Path) -> None:
    log(services, 3)
    position = services.checkpoints.write()
    home = services.settings.home
    services.database.dispose()
    for path in home.glob("opendata.sqlite*"):
        path.unlink()
    fresh = build_services(Settings(home=home))
    fresh.database.migrate()
    fresh.rebuilding.run()
    found = verify(fresh)
    lines_of_the_rebuild = 2  # at its start and at its end
    assert (found.found, found.first, found.events) == (None, position + 1, lines_of_the_rebuild)


def test_events_are_paged_and_filtered(services: Services) -> None:
    log(services, 5)
    services.publishers.ensure(SYSTEM, {**PUBLISHER, "id": "roads"})
    page = services.events.list(SYSTEM, EventFilter(action="download"), limit=2)
    seen = [item["subject"]["id"] for item in page.items]
    while page.next:
        page = services.events.list(SYSTEM, EventFilter(action="download"), limit=2, cursor=page.next)
        seen += [item["subject"]["id"] for item in page.items]
    assert seen == ["/4", "/3", "/2", "/1", "/0"]

    def count(**wanted: str) -> int:
        return len(services.events.list(SYSTEM, EventFilter.from_texts(wanted), limit=100).items)

    assert count(subject="roads") == count(subject="publisher:roads") == 1
    assert count(subject="dataset:roads") == count(actor="nobody") == 0
    assert count(actor="boss") == 5
    assert count(until="2026-01-01") == 0
    assert count(since="2026-01-01T00:00:00+08:00") >= 6
    with pytest.raises(InputError):
        services.events.list(SYSTEM, cursor="eA")
    for value in ("yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(InputError):
            EventFilter.from_texts({"since": value})


def test_only_maintainers_read_the_log(services: Services) -> None:
    clerk = make_actor(services, "clerk")
    with pytest.raises(NotPermittedError):
        services.events.list(clerk)
    with pytest.raises(NotPermittedError):
        services.events.export_lines(clerk)
    with pytest.raises(NotPermittedError):
        services.events.export_csv(clerk)
    with pytest.raises(NotPermittedError):
        services.verifying.run(clerk)
    with pytest.raises(NotSignedInError):
        services.events.list(None)


def test_the_export_verifies_elsewhere_and_its_csv_holds_no_formula(services: Services, tmp_path: Path) -> None:
    log(services, 3)
    services.events.note_download(BOSS, "=1+1")
    lines = list(services.events.export_lines(SYSTEM))
    path = tmp_path / "audit.jsonl"
    path.write_text("".join(lines[1:]))
    assert (verify_export(path).found, verify_export(path).events) == (None, len(lines) - 1)
    path.write_text("".join([*lines[:1], *lines[2:]]))
    found = verify_export(path).found
    assert found is not None
    assert (found.kind, found.event) == ("removed", "2")
    path.write_text("[]\n")
    with pytest.raises(UnreadableFileError):
        verify_export(path)
    rows = list(csv.DictReader(io.StringIO("".join(services.events.export_csv(SYSTEM)))))
    assert len(rows) == len(lines)
    assert rows[-1]["subject"] == "'=1+1"
    assert rows[-2]["subject"] == "/2"
    assert json.loads(rows[-2]["details"]) == {}


def test_signing_in_and_out_is_written_down_and_an_unknown_name_is_not(services: Services) -> None:
    make_actor(services, "clerk")
    origin = Origin(address="2001:db8:1:2:3::4")
    for name in ("clerk", "my-secret-password"):
        with pytest.raises(NotSignedInError):
            services.accounts.sign_in(name, "wrong", origin)
    actor, _ = services.accounts.sign_in("clerk", "a long password", origin)
    services.sessions.sign_out(actor)
    page = services.events.list(SYSTEM, limit=4)
    found = [(item["actor"], item["action"], item["subject"]["id"], item["address"]) for item in page.items]
    place = "2001:db8:1::/48"
    assert found == [
        ("clerk", "sign-out", "clerk", place),
        ("clerk", "sign-in", "clerk", place),
        ("", "sign-in-failed", "", place),
        ("", "sign-in-failed", "clerk", place),
    ]
