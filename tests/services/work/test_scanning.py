"""Files pass the virus scanner before anything reads them: real clamd, which finds, passes, refuses or is away."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opendata.db.models import Draft, Event, Upload
from opendata.domain.drafts import DraftState
from opendata.errors import BackendError, NotFoundError, StateError
from opendata.outside.scanner import Scanner
from opendata.services.core.actors import Actor
from opendata.services.core.context import read_clock
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.work import processing
from opendata.storage.local import LocalStore
from opendata.wiring import Services, build_services
from opendata.wording.findings import explain_error
from opendata.wording.voice import voice_of
from opendata.wording.work import say_failure, say_stage
from tests.instances import CSV, DATASET, make_actor, make_services
from tests.servers import EICAR, SIGNATURE, ClamdServer

INFECTED = f"code,name\nA001,{EICAR}\n"


class Clock:
    """A clock that tests put forward."""

    def __init__(self) -> None:
        self.now = read_clock()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def build(tmp_path: Path, clock: Clock) -> Iterator[Callable[[str], Services]]:
    """One and the same instance, with the scanner at an address or, without one, with none."""
    made = make_services(tmp_path / "instance")
    built = [made]

    def build(scanner: str) -> Services:
        settings = type(made.settings)(home=made.settings.home, review="none", scanner=scanner)
        built.append(build_services(settings, clock=clock))
        return built[-1]

    yield build
    for services in built:
        services.database.dispose()


@pytest.fixture
def scanned(build: Callable[[str], Services], clamd: ClamdServer) -> Services:
    """An instance with a scanner."""
    return build(clamd.address)


@pytest.fixture
def clerk(scanned: Services) -> Actor:
    return add_clerk(scanned)


def add_clerk(services: Services) -> Actor:
    actor = make_actor(services, "clerk")
    services.datasets.create(actor, DATASET)
    return actor


def receive(services: Services, clerk: Actor, **files: str | bytes) -> str:
    """A draft of files that nobody has worked on yet; `a_csv` is the table `a.csv`, `a_txt` an attachment."""
    sent = [
        UploadedFile(name.replace("_", "."), io.BytesIO(data.encode() if isinstance(data, str) else data))
        for name, data in files.items()
    ]
    options = [ResourceOption(file=file.name, type="attachment") for file in sent if file.name.endswith(".txt")]
    return services.drafts.create(clerk, "reservoirs", sent, options, enqueue=False)[0].id


def work_on(services: Services, clerk: Actor, draft: str) -> DraftView:
    services.work.run_to_end(draft)
    return services.drafts.get(clerk, draft)


def row_of(services: Services, draft: str) -> Draft:
    with services.database.unit() as session:
        return session.get_one(Draft, draft)


def digest(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def has_bytes(services: Services, data: str | bytes) -> bool:
    """Whether a file with these bytes lies anywhere in the instance, but for the database."""
    wanted = data.encode() if isinstance(data, str) else data
    return any(
        wanted in path.read_bytes()
        for path in services.settings.home.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    )


def watch_scans(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The contents of the files that are scanned from now on."""
    found: list[bytes] = []
    scan = Scanner.scan

    def note(self: Scanner, path: Path, *arguments: Any, **options: Any) -> str:
        found.append(path.read_bytes())
        return scan(self, path, *arguments, **options)

    monkeypatch.setattr(Scanner, "scan", note)
    return found


def test_a_clean_draft_passes_and_is_not_scanned_again(
    scanned: Services, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = watch_scans(monkeypatch)
    draft = receive(scanned, clerk, levels_csv=CSV, notes_txt="库区说明")
    assert work_on(scanned, clerk, draft).status == "valid"
    assert sorted(scans) == sorted([CSV.encode(), "库区说明".encode()])
    assert set(row_of(scanned, draft).scans or {}) == {digest(CSV), digest("库区说明")}
    scanned.drafts.change_resource(clerk, draft, "levels", {"schema": {"fields": [{"name": "code", "type": "string"}]}})
    work_on(scanned, clerk, draft)
    scanned.drafts.change_resource(clerk, draft, "levels", {"schema": None})
    assert work_on(scanned, clerk, draft).status == "valid"
    assert len(scans) == 2


def test_a_table_with_a_virus_is_refused_and_its_bytes_are_gone(scanned: Services, clerk: Actor) -> None:
    upload = scanned.uploads.create(clerk, len(INFECTED), "levels.csv")[0].id
    scanned.uploads.append(clerk, upload, 0, io.BytesIO(INFECTED.encode()))
    with scanned.uploads.open(clerk, upload).stream as stream:
        sent = [UploadedFile("levels.csv", stream, upload), UploadedFile("other.csv", io.BytesIO(CSV.encode()))]
        draft = scanned.drafts.create(clerk, "reservoirs", sent, enqueue=False)[0].id
    assert has_bytes(scanned, EICAR)
    view = work_on(scanned, clerk, draft)
    assert view.status == "invalid"
    assert {item.name: item.valid for item in view.tables} == {"levels": False, "other": True}
    assert view.report is not None
    (error,) = [error for task in view.report["tasks"] for error in task["errors"]]
    assert SIGNATURE in error["note"]
    for language, title in (("zh", "发现病毒"), ("en", "Virus found")):
        found = explain_error(voice_of(language), error)
        assert found.title == title
        assert SIGNATURE in found.message
        assert "levels.csv" in found.message
    assert not has_bytes(scanned, EICAR)
    with scanned.database.unit() as session:
        assert session.get(Upload, upload) is None
        (event,) = session.scalars(select(Event).where(Event.verb == "remove"))
    assert (event.actor, event.subject) == ("system", draft)
    assert event.details["signature"] == SIGNATURE
    assert event.details["file"] == "levels.csv"


def test_an_attachment_with_a_virus_makes_the_draft_invalid_until_it_is_left_out(
    scanned: Services, clerk: Actor
) -> None:
    draft = receive(scanned, clerk, levels_csv=CSV, notes_txt=EICAR)
    view = work_on(scanned, clerk, draft)
    assert view.status == "invalid"
    assert view.report is not None
    assert [(task["name"], task["valid"]) for task in view.report["tasks"]] == [("levels", True), ("notes", False)]
    assert [item.valid for item in view.attachments] == [False]
    with pytest.raises(NotFoundError, match=SIGNATURE):
        scanned.drafts.find_attachment(clerk, draft, "notes")
    assert not has_bytes(scanned, EICAR)
    scanned.drafts.drop_resource(clerk, draft, "notes")
    assert work_on(scanned, clerk, draft).status == "valid"


def test_a_virus_is_still_one_when_the_draft_is_checked_again(scanned: Services, clerk: Actor) -> None:
    draft = receive(scanned, clerk, levels_csv=INFECTED, other_csv=CSV)
    work_on(scanned, clerk, draft)
    for name in ("levels", "other"):
        scanned.drafts.change_resource(clerk, draft, name, {"schema": {"fields": [{"name": "code", "type": "string"}]}})
        view = work_on(scanned, clerk, draft)
        assert view.status == "invalid"
        assert view.report is not None
        assert SIGNATURE in str(view.report["tasks"][0]["errors"])


def test_what_lies_in_a_container_is_scanned_too(
    scanned: Services, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, CSV.replace("A001", name))
        archive.writestr("readme.txt", "说明")
    scans = watch_scans(monkeypatch)
    draft = receive(scanned, clerk, all_zip=target.getvalue())
    assert work_on(scanned, clerk, draft).status == "valid"
    row = row_of(scanned, draft)
    assert {item.upload for item in (*row.resources, *row.attachments)} == set(row.scans or {})
    assert {digest(data) for data in scans} == set(row.scans or {})
    assert len(scans) == 3


def test_what_is_checked_is_kept_when_the_scanner_goes_away_before_the_rest_of_a_container(
    scanned: Services, clerk: Actor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, CSV.replace("A001", name))
    draft = receive(scanned, clerk, all_zip=target.getvalue())
    prepare, prepared = processing.prepare_table, []

    def note(*arguments: Any, name: str, **options: Any) -> Any:
        prepared.append(name)
        return prepare(*arguments, name=name, **options)

    def go_away(self: Scanner, *arguments: object, **options: object) -> str:
        if prepared:
            raise BackendError("gone")
        return "ClamAV 1.4.6"

    monkeypatch.setattr(processing, "prepare_table", note)
    with monkeypatch.context() as patch:
        patch.setattr(Scanner, "ask_version", go_away)
        for _ in range(3):
            assert work_on(scanned, clerk, draft).status == "validating"
            clock.now += timedelta(minutes=1)
    assert len(prepared) == 1
    assert work_on(scanned, clerk, draft).status == "valid"
    assert len(prepared) == 2


def test_a_file_with_a_virus_in_two_drafts_is_refused_in_both(scanned: Services, clerk: Actor) -> None:
    drafts = [receive(scanned, clerk, levels_csv=INFECTED) for _ in range(2)]
    assert [work_on(scanned, clerk, draft).status for draft in drafts] == ["invalid", "invalid"]


def test_a_worker_that_is_killed_before_it_has_deleted_a_virus_leaves_that_to_the_next(
    scanned: Services, clerk: Actor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(scanned, clerk, levels_csv=INFECTED)

    def fail(self: LocalStore, name: str) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete_blob", fail)
        scanned.work.run(draft)
    assert has_bytes(scanned, EICAR)
    clock.now += timedelta(minutes=1)
    assert work_on(scanned, clerk, draft).status == "invalid"
    assert not has_bytes(scanned, EICAR)
    with scanned.database.unit() as session:
        assert len(session.scalars(select(Event).where(Event.verb == "remove")).all()) == 1


def test_drafts_are_held_while_the_scanner_is_away_and_go_on_when_it_is_back(
    build: Callable[[str], Services], clamd_away: ClamdServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build(clamd_away.address)
    clerk = add_clerk(services)
    prepared = []
    monkeypatch.setattr(processing, "prepare_table", lambda *_, **__: prepared.append(1))
    drafts = [receive(services, clerk, levels_csv=CSV, notes_txt=f"说明{number}") for number in range(2)]
    pauses = []
    for _ in range(8):  # more often than a failure is tried again
        for draft in drafts:
            assert work_on(services, clerk, draft).status == "validating"
        row = row_of(services, drafts[0])
        assert row.due is not None
        pauses.append((row.due - clock.now).total_seconds())
        clock.now = row.due
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    view = services.drafts.get(clerk, drafts[0])
    assert view.is_at_work
    assert say_stage(voice_of("zh"), view.stage) == "等待病毒扫描程序应答"
    assert say_stage(voice_of("en"), view.stage) == "Held until the virus scanner answers"
    assert view.error is not None
    assert "isn't responding" in say_failure(voice_of("en"), view.error)
    with pytest.raises(StateError, match="held"):
        services.previews.show(clerk, drafts[0], "levels")
    with pytest.raises(StateError, match="held"):
        services.drafts.find_attachment(clerk, drafts[0], "notes")
    assert prepared == []
    monkeypatch.undo()
    clamd_away.start()
    assert {work_on(services, clerk, draft).status for draft in drafts} == {"valid"}
    view = services.drafts.get(clerk, drafts[0])
    assert (view.error, view.stage) == (None, "")
    assert services.drafts.find_attachment(clerk, drafts[0], "notes").size > 0


def test_a_held_draft_can_be_discarded_and_stays_unread(build: Callable[[str], Services], tmp_path: Path) -> None:
    services = build(f"unix:{tmp_path / 'nobody'}")
    clerk = add_clerk(services)
    draft = receive(services, clerk, levels_csv=CSV, notes_txt="说明")
    work_on(services, clerk, draft)
    assert services.drafts.discard(clerk, draft).status == "discarded"
    with pytest.raises(StateError, match="held"):
        services.drafts.find_attachment(clerk, draft, "notes")


def test_a_file_beyond_the_scanners_limit_is_held_with_the_reason(scanned: Services, clerk: Actor) -> None:
    draft = receive(scanned, clerk, levels_csv="code\n" + "A001\n" * 500_000)
    view = work_on(scanned, clerk, draft)
    assert view.status == "validating"
    assert say_stage(voice_of("en"), view.stage) == "Held, because the virus scanner doesn't accept levels"
    assert view.error is not None
    assert "larger than the virus scanner accepts" in say_failure(voice_of("en"), view.error)


def test_a_scanner_that_gives_up_in_the_middle_of_a_file_holds_it(
    scanned: Services, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Scanner, *arguments: object, **options: object) -> str:
        raise BackendError("Can't allocate memory")

    monkeypatch.setattr(Scanner, "scan", fail)
    draft = receive(scanned, clerk, levels_csv=CSV)
    view = work_on(scanned, clerk, draft)
    assert (view.status, view.stage) == ("validating", "hold")
    assert row_of(scanned, draft).scans is None


@pytest.mark.slow
def test_newer_signatures_scan_again_but_what_has_passed_does_not_wait_for_them(
    build: Callable[[str], Services], clamd: ClamdServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build(clamd.address)
    clerk = add_clerk(services)
    draft = receive(services, clerk, levels_csv=CSV)
    work_on(services, clerk, draft)
    away = build(f"unix:{tmp_path / 'nobody'}")
    away.drafts.change_resource(clerk, draft, "levels", {"schema": {"fields": [{"name": "code", "type": "string"}]}})
    assert work_on(away, clerk, draft).status == "invalid"
    monkeypatch.setattr(Scanner, "ask_version", lambda self: "ClamAV 1.4.6/27001")
    scans = watch_scans(monkeypatch)
    services.drafts.change_resource(clerk, draft, "levels", {"schema": None})
    assert work_on(services, clerk, draft).status == "valid"
    assert len(scans) == 1
    assert (row_of(services, draft).scans or {})[digest(CSV)] == {"found": "", "by": "ClamAV 1.4.6/27001"}


@pytest.mark.slow
@pytest.mark.parametrize("text", [CSV, INFECTED], ids=["clean", "infected"])
def test_a_draft_from_before_there_was_a_scanner_is_scanned_when_it_is_published(
    build: Callable[[str], Services], clamd_away: ClamdServer, clock: Clock, text: str
) -> None:
    before = build("")
    clerk = add_clerk(before)
    draft = receive(before, clerk, levels_csv=text)
    assert work_on(before, clerk, draft).status == "valid"
    services = build(clamd_away.address)
    services.drafts.submit(clerk, draft)
    view = work_on(services, clerk, draft)
    assert view.status != "published"
    assert say_stage(voice_of("en"), view.stage) == "Held until the virus scanner answers"
    clock.now += timedelta(minutes=1)
    clamd_away.start()
    view = work_on(services, clerk, draft)
    if text == CSV:
        assert view.status == "published"
        return
    assert view.status == DraftState.INVALID
    assert services.datasets.get("reservoirs", clerk).latest is None
    assert not has_bytes(services, EICAR)
    assert SIGNATURE in str(view.report)
