"""A restored backup revives nothing: no ended grant, no stopped or withdrawn version, no token, session or account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opendata.db.models import Event, Version
from opendata.errors import (
    InputError,
    NotFoundError,
    NotPublicError,
    NotSignedInError,
    SuspendedError,
    WithdrawnError,
)
from opendata.metadata.canonical import write_canonical
from opendata.services.access.tokens import TokenOptions
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.operations.backups import Restored, restore_backup
from opendata.services.operations.ends import DIFFERENT, ELSEWHERE, Ends, keep_ends
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import FORGED, UNSIGNED, Trust, verify
from opendata.settings import Settings
from opendata.storage.signing import Signer
from opendata.storage.store import grant_end_key, suspension_key, tombstone_key
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, publish
from tests.services.core.test_access import CONDITIONAL, disclose, grant

pytestmark = pytest.mark.slow

PASSWORD = "a long password"
REASON = "含有个人信息"


@dataclass(frozen=True)
class Past:
    """An instance in which much has ended since its backup was made."""

    services: Services
    backup: Path
    grant: str
    invitation: str
    tokens: tuple[str, str]
    """Without and with scopes."""
    link: str
    user: int
    mark: str


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    services = make_services(folder / "instance")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    disclose(services, editor, CONDITIONAL)
    for number in range(3):
        publish(services, editor, CSV + f"A00{number + 3},南湖,3,2026-02-02\n")
    reader = make_actor(services, "reader", "reader")
    given, _ = grant(services, editor, account="reader")
    _, invitation = grant(services, editor)
    token, view = services.accounts.create_token("reader")
    scoped, _ = services.accounts.create_token("editor", options=TokenOptions(verbs=("read",)))
    _, mark = services.accounts.sign_in("reader", PASSWORD)
    link = services.recoveries.issue(SYSTEM, "reader")
    backup = folder / "backup"
    services.backups.write(backup, with_keys=True)
    services.grants.end(editor, "reservoirs", given.id, "协议终止")
    services.stops.suspend(editor, "reservoirs", "1.2.0", reason=REASON)
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason=REASON)
    services.accounts.revoke_token(view.id)
    services.persons.close(SYSTEM, "reader", confirmed=True)
    services.accounts.set_password("editor", "another long password")
    yield Past(services, backup, given.id, str(invitation), (token, scoped), link, reader.id, mark)
    services.database.dispose()


@pytest.fixture
def restore(tmp_path: Path, past: Past) -> Callable[..., tuple[Services, Restored]]:
    """Restore the backup of that instance."""

    def restore(**options: object) -> tuple[Services, Restored]:
        settings = Settings(home=tmp_path / "restored", review="none")
        restored = restore_backup(past.backup, settings, **options)  # type: ignore[arg-type]
        services = build_services(settings)
        services.withdrawals.place_all()
        return services, restored

    return restore


def test_nothing_that_ended_after_a_backup_is_alive_in_what_is_restored(
    past: Past, restore: Callable[..., tuple[Services, Restored]]
) -> None:
    services, restored = restore(newer=past.services.settings.public_folder, end_passwords=True)
    reader = Actor("reader", "reader", past.user)  # type: ignore[arg-type]
    assert services.grants.list_own(reader) == []
    with pytest.raises(NotPublicError):
        services.versions.find_file("reservoirs", "1.1.0", "levels", "csv", reader)
    with pytest.raises(SuspendedError):
        services.versions.get("reservoirs", "1.2.0")
    with pytest.raises(WithdrawnError):
        services.versions.get("reservoirs", "1.0.0")
    assert services.datasets.get("reservoirs").latest == "1.1.0"
    for token in past.tokens:
        with pytest.raises(NotSignedInError):
            services.accounts.authenticate(token)
    with pytest.raises(NotFoundError):
        services.recoveries.find_account(past.link)
    assert services.sessions.resume(past.mark) is None
    for name, password in (("reader", PASSWORD), ("editor", PASSWORD), ("editor", "another long password")):
        with pytest.raises(NotSignedInError):
            services.accounts.sign_in(name, password)
    with pytest.raises(NotFoundError):
        services.grants.get_invitation(past.invitation)
    found = restored.ends
    assert (found.grants, found.stopped, found.released, found.withdrawn, found.wrong) == (1, 1, 0, 1, [])
    closed = restored.closed
    assert (closed.tokens, closed.invitations, closed.sessions, closed.passwords) == (2, 1, 2, 2)
    with services.database.unit() as session:
        (event,) = session.query(Event).filter(Event.verb == "restore")
        assert (event.details["tokens"], event.details["grants"]) == (2, 1)
    assert services.verifying.run(SYSTEM).found is None  # the restore is in the chain of the audit log
    assert services.checking.run().is_sound
    assert verify(open_source(str(services.settings.public_folder)), Trust()).findings == []
    services.accounts.set_password("editor", "a third long password")  # a door that is opened on purpose
    assert services.accounts.sign_in("editor", "a third long password")
    services.withdrawals.finish_all()
    assert services.checking.run().is_sound


def test_what_is_said_not_to_have_been_revoked_is_kept(
    past: Past, restore: Callable[..., tuple[Services, Restored]]
) -> None:
    services, restored = restore(keep_tokens=True)
    closed = restored.closed
    assert (closed.tokens, closed.invitations, closed.sessions, closed.passwords) == (0, 0, 0, 0)
    assert [services.accounts.authenticate(token).name for token in past.tokens] == ["reader", "editor"]
    assert services.sessions.resume(past.mark) is not None
    assert services.accounts.sign_in("editor", PASSWORD)
    assert services.grants.get_invitation(past.invitation)


def test_only_a_newer_store_of_the_same_portal_says_what_has_ended(
    past: Past, tmp_path: Path, restore: Callable[..., tuple[Services, Restored]]
) -> None:
    with pytest.raises(InputError, match="isn't the address"):
        restore(newer=tmp_path)
    other = tmp_path / "other"
    shutil.copytree(past.services.settings.public_folder, other)
    shutil.rmtree(other / "keys")
    with pytest.raises(InputError, match="keys differ"):
        restore(newer=other)
    assert restore()[1].ends == Ends()  # what was refused is in nobody's way


@pytest.mark.slow
def test_keys_that_were_changed_since_come_with_what_they_signed(past: Past, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(past.services.settings.home, home)
    changed = build_services(Settings(home=home, review="none"))
    changed.keys.rotate(SYSTEM)
    changed.withdrawals.withdraw(SYSTEM, "reservoirs", "1.1.0", reason=REASON)
    settings = Settings(home=tmp_path / "restored", review="none")
    restored = restore_backup(past.backup, settings, newer=changed.settings.public_folder)
    assert (restored.ends.withdrawn, restored.ends.wrong) == (2, [])
    found = verify(open_source(str(settings.public_folder)), Trust(), files=False)
    assert (found.findings, len(found.keys)) == ([], 2)


# ----------------------------------------------------------------------------------------------------- unproven records


def keep(services: Services) -> list[tuple[str, str]]:
    """Enter what has ended; which records weren't believed."""
    ends = Ends()
    with services.database.unit(write=True) as session:
        keep_ends(session, services.settings.public_folder, ends)
    assert (ends.grants, ends.stopped, ends.released, ends.withdrawn) == (0, 0, 0, 0)
    return sorted((item.where, item.what) for item in ends.wrong)


def test_a_record_that_is_not_proven_ends_nothing_and_lets_nothing_go(services: Services, editor: Actor) -> None:
    for number in range(3):
        publish(services, editor, CSV + f"A00{number + 3},南湖,3,2026-02-02\n")
    services.stops.suspend(editor, "reservoirs", "1.0.0", reason=REASON)
    store, signer = services.settings.public_folder, Signer(services.settings.key_folder)
    true_stop = json.loads((store / suspension_key("reservoirs", "1.0.0", 1)).read_bytes())

    def write(key: str, record: object, signature: bytes | None = None) -> str:
        data = write_canonical(record)
        (store / key).parent.mkdir(parents=True, exist_ok=True)
        (store / key).write_bytes(data)
        if signature is not None:
            (store / f"{key}.sig").write_bytes(signature or signer.sign(data))
        return key

    later = {**true_stop, "suspended": False, "created": "2999-01-01T00:00:00Z"}
    tombstone = {**true_stop, "version": "1.1.0", "withdrawn": later["created"], "changed": later["created"]}
    expected = {
        write(suspension_key("reservoirs", "1.0.0", 2), later, b"A" * 88): FORGED,
        # Signed by us, about another version: as if somebody had put it in another place.
        write(suspension_key("reservoirs", "1.1.0", 1), true_stop, b""): ELSEWHERE,
        write(suspension_key("reservoirs", "1.2.0", 1), {**true_stop, "version": "1.2.0"}, b""): ELSEWHERE,
        write(tombstone_key("reservoirs", "1.1.0"), tombstone): UNSIGNED,
    }
    assert keep(services) == sorted(expected.items())
    with pytest.raises(SuspendedError):
        services.versions.get("reservoirs", "1.0.0")
    assert [services.versions.get("reservoirs", version).version for version in ("1.1.0", "1.2.0")] == [
        "1.1.0",
        "1.2.0",
    ]


def test_the_newest_proven_record_decides_whatever_its_number(services: Services, editor: Actor) -> None:
    publish(services, editor)
    store = services.settings.public_folder
    services.stops.suspend(editor, "reservoirs", "1.0.0", reason=REASON)
    services.stops.release(SYSTEM, "reservoirs", "1.0.0", reason="误报")
    services.stops.suspend(editor, "reservoirs", "1.0.0", reason=REASON)
    first, second, third = (
        json.loads((store / suspension_key("reservoirs", "1.0.0", number)).read_bytes()) for number in (1, 2, 3)
    )
    assert [item["suspended"] for item in (first, second, third)] == [True, False, True]
    signer = Signer(services.settings.key_folder)
    third["created"] = "2999-01-01T00:00:00Z"
    for number, record in ((3, third), (4, second)):  # the release once more, behind the stop
        path = store / suspension_key("reservoirs", "1.0.0", number)
        for suffix, data in (("", write_canonical(record)), (".sig", signer.sign(write_canonical(record)))):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
            Path(f"{path}{suffix}").write_bytes(data)
    with services.database.unit(write=True) as session:
        row = session.query(Version).one()
        row.suspended, row.suspension = False, None
    ends = Ends()
    with services.database.unit(write=True) as session:
        keep_ends(session, store, ends)
    assert (ends.stopped, ends.released) == (1, 0)
    # What the database says later than any record stands: its record isn't written yet.
    with services.database.unit(write=True) as session:
        row = session.query(Version).one()
        row.suspended, row.suspension = False, {**second, "created": "2999-01-02T00:00:00Z"}
    assert keep(services) == []
    assert services.versions.get("reservoirs", "1.0.0").version == "1.0.0"


@pytest.mark.slow
def test_the_end_of_another_grant_ends_none(past: Past, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(past.services.settings.public_folder, newer)
    key = grant_end_key("reservoirs", past.grant)
    (other,) = (item.id for item in past.services.grants.list(SYSTEM, "reservoirs") if item.id != past.grant)
    for suffix in ("", ".sig"):
        shutil.copy(newer / f"{key}{suffix}", newer / f"{grant_end_key('reservoirs', other)}{suffix}")
    settings = Settings(home=tmp_path / "restored", review="none")
    restored = restore_backup(past.backup, settings, newer=newer)
    assert restored.ends.grants == 1
    assert [(item.where, item.what) for item in restored.ends.wrong] == [
        (grant_end_key("reservoirs", other), ELSEWHERE)
    ]
    states = {item.id: item.state for item in build_services(settings).grants.list(SYSTEM, "reservoirs")}
    assert states == {past.grant: "ended", other: "expired"}  # its invitation isn't valid any more


@pytest.mark.slow
def test_a_record_in_the_place_of_another_is_named(past: Past, tmp_path: Path) -> None:
    backup, newer = tmp_path / "backup", tmp_path / "newer"
    shutil.copytree(past.backup, backup)
    shutil.copytree(past.services.settings.public_folder, newer)
    key = tombstone_key("reservoirs", "1.0.0")
    found = json.loads((newer / key).read_bytes())
    (backup / "public" / key).parent.mkdir(parents=True, exist_ok=True)
    data = write_canonical({**found, "reason": "x"})
    (backup / "public" / key).write_bytes(data)
    (backup / "public" / f"{key}.sig").write_bytes(Signer(past.services.settings.key_folder).sign(data))
    settings = Settings(home=tmp_path / "restored", review="none")
    restored = restore_backup(backup, settings, newer=newer)
    assert [(item.where, item.what) for item in restored.ends.wrong] == [(key, DIFFERENT)]
    assert restored.ends.withdrawn == 1
