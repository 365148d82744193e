"""Two machines with nothing in common but database, stores and keys behave as one."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from opendata.db.models import Draft, KeyMark, LastCheck
from opendata.errors import BackendError, NotSignedInError, StateError, TooManyAttemptsError
from opendata.jobs.alone import Alone
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import read_clock
from opendata.services.core.instance import require_current
from opendata.services.core.once import Once
from opendata.services.delivery.forgetting import Forgetting
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.lease import take_lease
from opendata.services.operations.last_checks import CheckName
from opendata.services.privacy.pseudonyms import SECRET_FILE as PSEUDONYM_FILE
from opendata.services.privacy.shared_keys import agree_on_keys
from opendata.services.search.searching import Search
from opendata.storage.secrets import SECRET_FILE as SOURCE_FILE
from opendata.wiring import Services, build_context
from tests.instances import CSV, SCHEMA, lend_app, make_services, publish, upload
from tests.nodes.pair import add_machine

pytestmark = pytest.mark.slow


@pytest.fixture
def services(tmp_path: Path, postgresql_tables: str) -> Iterator[Services]:
    """The first machine."""
    built = make_services(tmp_path / "first", database_url=postgresql_tables)
    agree_on_keys(build_context(built.settings))
    yield built
    built.database.dispose()


@pytest.fixture
def second(services: Services, editor: Actor, tmp_path: Path) -> Iterator[Services]:
    built = add_machine(services, tmp_path / "second")
    yield built
    built.database.dispose()


def list_derived(machine: Services) -> list[str]:
    return [path.name for path in machine.settings.derived_folder.glob("*") if not path.name.startswith(".")]


def test_what_is_erased_on_one_machine_goes_from_the_derived_files_of_the_other(
    services: Services, second: Services, editor: Actor
) -> None:
    publish(services, editor)
    second.forgetting.follow()
    second.forms.find("reservoirs", "1.0.0", "levels", "xlsx")
    assert list_derived(second)
    name = services.versions.find_file("reservoirs", "1.0.0", "levels", "csv").sha256
    copy = second.settings.home / "cache" / name[:2] / name
    copy.parent.mkdir(parents=True)
    copy.write_text("a copy of a file in a bucket")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    assert second.forgetting.follow()
    assert not list_derived(second)
    assert not copy.exists()
    assert not second.forgetting.follow()


def test_a_machine_that_was_away_forgets_when_it_starts(services: Services, second: Services, editor: Actor) -> None:
    publish(services, editor)
    second.forms.find("reservoirs", "1.0.0", "levels", "xlsx")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    second.forgetting.follow()
    assert not list_derived(second)


def test_what_was_half_made_during_an_erasure_goes_a_while_later(
    services: Services, second: Services, editor: Actor
) -> None:
    publish(services, editor)
    forgetting = Forgetting(build_context(second.settings), again_seconds=0.0)
    forgetting.follow()
    made = second.forms.find("reservoirs", "1.0.0", "levels", "xlsx")
    kept = {path: path.read_bytes() for path in second.settings.derived_folder.glob("[!.]*")}
    assert made.size > 0
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    forgetting.follow()
    for path, data in kept.items():
        path.write_bytes(data)
    forgetting.follow()
    assert not list_derived(second)


def test_each_machine_finds_what_another_has_published(services: Services, second: Services, editor: Actor) -> None:
    publish(services, editor)
    second.indexing.follow()
    assert [item.dataset.id for item in second.searching.search(Search(text="水库")).items] == ["reservoirs"]


@pytest.mark.parametrize("name", [SOURCE_FILE, PSEUDONYM_FILE, "session.secret"])
def test_a_machine_without_the_secrets_of_the_others_or_with_other_ones_does_not_start(
    second: Services, name: str
) -> None:
    context = build_context(second.settings)
    agree_on_keys(context)
    path = second.settings.key_folder / name
    kept = path.read_text()
    path.unlink()
    with pytest.raises(StateError, match="lacks the secret"):
        agree_on_keys(context)
    assert not path.exists()
    path.write_text(f"{kept.strip()[::-1]}\n")
    with pytest.raises(StateError, match="isn't that of the instance"):
        agree_on_keys(context)
    agree_on_keys(context, adopt=True)
    agree_on_keys(context)
    path.write_text(kept)
    with pytest.raises(StateError, match="isn't that of the instance"):
        agree_on_keys(context)
    context.database.dispose()


def test_a_folder_of_keys_that_takes_nothing_in_is_named(second: Services) -> None:
    context = build_context(replace(second.settings, home=second.settings.home / "keys" / "session.secret"))
    with context.write() as session:
        session.execute(delete(KeyMark))
    with pytest.raises(StateError, match="can't be written"):
        agree_on_keys(context)
    context.database.dispose()


def test_a_machine_with_an_old_signing_key_does_not_start(services: Services, second: Services, editor: Actor) -> None:
    publish(services, editor)
    services.keys.rotate(SYSTEM)
    context = build_context(second.settings)
    with pytest.raises(StateError, match="isn't the newest"):
        agree_on_keys(context)
    agree_on_keys(build_context(services.settings))
    context.database.dispose()


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_machine_whose_clock_is_wrong_takes_no_draft_that_another_works_at(
    services: Services, second: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    draft = upload(services, editor)
    context, other = build_context(services.settings), build_context(second.settings)
    with context.write() as session:
        session.execute(update(Draft).values(wanted="process", due=None))
    assert take_lease(context, draft.id) is not None

    class WrongClock(read_clock().__class__):  # type: ignore[misc]
        @classmethod
        def now(cls, zone: object = None) -> object:
            return super().now(zone) + timedelta(hours=hours)

    monkeypatch.setattr("opendata.services.core.context.datetime", WrongClock)
    assert abs(other.clock() - other.now()) < timedelta(seconds=2)
    assert take_lease(other, draft.id) is None
    for one in (context, other):
        one.database.dispose()


def test_the_workers_of_all_machines_check_each_file_once_in_turn(
    services: Services, second: Services, editor: Actor
) -> None:
    publish(services, editor)
    places = []
    for machine in (services, second, services, second):
        assert machine.checking.run_slice(1.0) > 0
        with services.database.unit() as session:
            row = session.scalar(select(LastCheck).where(LastCheck.name == CheckName.BLOBS))
            assert row is not None
            places.append(row.result["place"])
    blobs = sorted(name for name, _ in build_context(services.settings).public.list_blobs())
    assert places == [blobs[number % len(blobs)] for number in range(4)]


def test_a_slice_that_a_worker_is_at_is_left_to_it_for_an_hour(
    services: Services, second: Services, editor: Actor
) -> None:
    publish(services, editor)
    assert services.checking.run_slice(1.0) > 0
    with services.database.unit(write=True) as session:
        row = session.get_one(LastCheck, CheckName.BLOBS)
        row.result = {**row.result, "held": read_clock().timestamp() + 60}
    assert second.checking.run_slice(1.0) == 0
    with services.database.unit(write=True) as session:
        row = session.get_one(LastCheck, CheckName.BLOBS)
        row.result = {**row.result, "held": read_clock().timestamp() - 1}
    assert second.checking.run_slice(1.0) > 0


def test_a_machine_of_the_release_before_starts_again_over_a_newer_database_but_runs_no_other_command(
    services: Services,
) -> None:
    with services.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    require_current(services.database, services.settings, may_be_newer=True)
    with pytest.raises(StateError):
        require_current(services.database, services.settings)
    with services.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0050'"))
    with pytest.raises(StateError):
        require_current(services.database, services.settings, may_be_newer=True)


def test_what_one_worker_does_for_all_is_left_alone_by_the_others_until_it_is_done_or_dead(
    services: Services, second: Services, editor: Actor
) -> None:
    publish(services, editor)
    here, there = (Alone(machine.database, "events", machine.public_events) for machine in (services, second))
    with services.database.hold("events") as is_held:
        assert is_held
        assert not there.follow()
        assert not second.public_events.list().items
        with second.database.hold("duties") as is_another:
            assert is_another
    assert there.follow()
    assert second.public_events.list().items
    assert not here.follow()
    with pytest.raises(BackendError), services.database.hold("events"), second.database.engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    with second.database.hold("events") as is_free:
        assert is_free


def test_a_person_signs_in_at_one_machine_with_the_form_of_another_and_goes_on_at_both(
    services: Services, second: Services, editor: Actor
) -> None:
    with lend_app(services) as one, lend_app(second) as other:
        clients = [app.test_client(use_cookies=False) for app in (one, other)]
        page = clients[0].get("/sign-in")
        form = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
        assert form
        cookies = dict(text.partition(";")[0].split("=", 1) for text in page.headers.getlist("Set-Cookie"))
        data = {"csrf_token": form[1], "name": editor.name, "password": "a long password"}
        sent = clients[1].post("/sign-in", data=data, headers={"Cookie": _join(cookies)})
        assert sent.status_code in (302, 303), sent.text
        cookies |= dict(text.partition(";")[0].split("=", 1) for text in sent.headers.getlist("Set-Cookie"))
        for client in clients:
            assert client.get("/workspace", headers={"Cookie": _join(cookies)}).status_code == 200


def _join(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def test_an_upload_in_pieces_goes_on_at_another_machine_and_its_draft_at_the_first(
    services: Services, second: Services, editor: Actor
) -> None:
    data = CSV.encode()
    view, _ = services.uploads.create(editor, len(data), "levels.csv")
    for machine, start, end in ((services, 0, 10), (second, 10, 40), (services, 40, len(data))):
        view = machine.uploads.append(editor, view.id, start, io.BytesIO(data[start:end]))
    assert (view.state, view.sha256) == ("finished", hashlib.sha256(data).hexdigest())
    file = second.uploads.open(editor, view.id)
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    with contextlib.closing(file.stream):
        draft, _ = second.drafts.create(editor, "reservoirs", [file], [option])
    services.work.run_to_end(draft.id)
    assert second.drafts.get(editor, draft.id).status == "valid"


def test_a_request_that_is_repeated_at_another_machine_makes_nothing_twice(
    services: Services, second: Services, editor: Actor
) -> None:
    once = Once("key", "request")
    first, is_new = services.uploads.create(editor, 10, "levels.csv", once=once)
    again, is_again = second.uploads.create(editor, 10, "levels.csv", once=once)
    assert (first.id, is_new, is_again) == (again.id, True, False)


def test_attempts_to_sign_in_are_counted_by_all_machines_together(
    services: Services, second: Services, editor: Actor
) -> None:
    machines = itertools.cycle((services, second))
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012
        for _ in range(200):
            with contextlib.suppress(NotSignedInError):
                next(machines).accounts.sign_in(editor.name, "another password")
    for machine in (services, second):
        with pytest.raises(TooManyAttemptsError):
            machine.accounts.sign_in(editor.name, "a long password")
