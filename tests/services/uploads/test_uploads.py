"""Files sent in pieces: what was kept once is never lost or doubled, however often the sender or the server dies."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.db.models import Upload
from opendata.errors import (
    BusyError,
    ChecksumError,
    ExpiredError,
    InputError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    StateError,
    TooLargeError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import read_clock
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_files import UploadFiles
from opendata.services.uploads.upload_values import Checksum, UploadView
from opendata.services.uploads.uploads import Uploads
from opendata.storage.store import blob_key
from opendata.wiring import Services, build_context
from tests.instances import CSV, SCHEMA, make_actor, make_services
from tests.selection import examples

DATA = bytes(range(256)) * 4096


class Line:
    """A connection that carries so many bytes of the data and then breaks, or ends well."""

    def __init__(self, data: bytes, *, breaks: bool = False, most: int = 1 << 20) -> None:
        self._stream, self._breaks, self._most = io.BytesIO(data), breaks, most

    def read(self, size: int, /) -> bytes:
        found = self._stream.read(min(size, self._most))
        if not found and self._breaks:
            raise ConnectionError("gone")
        return found


def begin(services: Services, actor: Actor, length: int = len(DATA), name: str = "levels.csv") -> str:
    return services.uploads.create(actor, length, name)[0].id


def send(services: Services, actor: Actor, data: bytes, name: str = "levels.csv") -> UploadView:
    return services.uploads.append(actor, begin(services, actor, len(data), name), 0, Line(data))


def another_process(services: Services) -> Uploads:
    """The same instance as another process sees it: nothing is known but what is on the disk."""
    return Uploads(build_context(services.settings))


def later(services: Services, hours: float) -> Uploads:
    return Uploads(build_context(services.settings, clock=lambda: read_clock() + timedelta(hours=hours)))


@pytest.mark.both_databases(slow=True)
def test_a_file_sent_in_pieces_is_whole_and_its_digest_known(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    assert services.uploads.get(editor, upload).state == "receiving"
    for start in range(0, len(DATA), 300_000):
        found = services.uploads.append(editor, upload, start, Line(DATA[start : start + 300_000]))
        assert found.offset == min(start + 300_000, len(DATA))
    assert (found.state, found.sha256) == ("finished", hashlib.sha256(DATA).hexdigest())
    with services.uploads.open(editor, upload).stream as stream:
        assert stream.read() == DATA


def test_an_empty_file_is_finished_at_once(services: Services, editor: Actor) -> None:
    found = services.uploads.create(editor, 0, "empty.csv")[0]
    assert (found.state, found.offset, found.sha256) == ("finished", 0, hashlib.sha256(b"").hexdigest())
    with services.uploads.open(editor, found.id).stream as stream:
        assert stream.read() == b""


def test_what_arrived_before_the_connection_broke_is_kept(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    with pytest.raises(InputError, match="connection was interrupted"):
        services.uploads.append(editor, upload, 0, Line(DATA[:700_001], breaks=True))
    assert services.uploads.get(editor, upload).offset == 700_001
    found = services.uploads.append(editor, upload, 700_001, Line(DATA[700_001:]))
    assert found.sha256 == hashlib.sha256(DATA).hexdigest()


@given(cuts=st.lists(st.tuples(st.integers(0, 5000), st.booleans(), st.booleans()), max_size=8))
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_any_size_from_any_process_make_the_same_file(
    cuts: list[tuple[int, bool, bool]], sqlite: tuple[Services, Actor]
) -> None:
    services, editor = sqlite
    data = DATA[:20_000]
    upload = begin(services, editor, len(data))
    front, offset, context = services.uploads, 0, build_context(services.settings)
    for size, breaks, elsewhere in cuts:
        front = Uploads(context) if elsewhere else front
        piece = data[offset : offset + size]
        try:
            front.append(editor, upload, offset, Line(piece, breaks=breaks, most=777))
        except InputError:
            assert breaks
        offset += len(piece)
        assert front.get(editor, upload).offset == offset
    found = services.uploads.append(editor, upload, offset, Line(data[offset:]))
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    services.uploads.delete(editor, upload)
    context.database.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> tuple[Services, Actor]:
    services = make_services(tmp_path / "property")
    return services, make_actor(services, "editor")


def test_bytes_that_a_killed_process_had_not_counted_are_written_again(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA[:1000]))
    with (services.settings.upload_folder / upload).open("ab") as file:
        file.write(b"half a piece, or what a lost page of the disk left there")
    front = another_process(services)
    assert front.get(editor, upload).offset == 1000
    assert front.append(editor, upload, 1000, Line(DATA[1000:])).sha256 == hashlib.sha256(DATA).hexdigest()


def test_bytes_that_the_disk_has_lost_are_asked_for_again(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA[:1000]))
    os.truncate(services.settings.upload_folder / upload, 600)
    front = another_process(services)
    assert front.get(editor, upload).offset == 600
    assert front.append(editor, upload, 600, Line(DATA[600:])).sha256 == hashlib.sha256(DATA).hexdigest()


def test_an_upload_whose_last_byte_came_just_before_a_kill_is_finished_by_the_next_who_asks(
    services: Services, editor: Actor
) -> None:
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA))
    with services.database.unit(write=True) as session:  # as the kill leaves it: all is counted, no digest is known
        row = session.get_one(Upload, upload)
        row.state, row.sha256 = "receiving", None
    found = another_process(services).get(editor, upload)
    assert (found.state, found.sha256) == ("finished", hashlib.sha256(DATA).hexdigest())


def test_a_long_piece_is_counted_on_the_way(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    front, other = Uploads(build_context(services.settings), save_bytes=100_000), another_process(services)
    seen = []

    class Watching(Line):
        def read(self, size: int, /) -> bytes:
            seen.append(other.get(editor, upload).offset)
            return super().read(size)

    front.append(editor, upload, 0, Watching(DATA, most=60_000))
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert max(seen) < len(DATA)


def test_a_piece_for_another_place_is_refused_and_changes_nothing(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA[:1000]))
    for offset in (0, 999, 1001):
        with pytest.raises(StateError, match="at byte 1000"):
            services.uploads.append(editor, upload, offset, Line(b"x"))
    assert services.uploads.get(editor, upload).offset == 1000


@pytest.mark.parametrize("known", [True, False])
def test_a_piece_beyond_the_end_is_refused(services: Services, editor: Actor, known: bool) -> None:
    upload = begin(services, editor, 10)
    services.uploads.append(editor, upload, 0, Line(b"12345"))
    with pytest.raises(TooLargeError, match="10 bytes"):
        services.uploads.append(editor, upload, 5, Line(b"678901"), size=6 if known else None)
    assert services.uploads.append(editor, upload, 5, Line(b"67890")).state == "finished"
    with pytest.raises(TooLargeError):
        services.uploads.append(editor, upload, 10, Line(b"1"), size=1)
    assert services.uploads.append(editor, upload, 10, Line(b""), size=0).state == "finished"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_that_fits_its_checksum_is_kept_and_another_is_not(
    services: Services, editor: Actor, algorithm: str
) -> None:
    upload = begin(services, editor, 20)
    good = Checksum(algorithm, hashlib.new(algorithm, b"0123456789").digest())
    assert services.uploads.append(editor, upload, 0, Line(b"0123456789"), checksum=good).offset == 10
    with pytest.raises(ChecksumError):
        services.uploads.append(editor, upload, 10, Line(b"012345678x"), checksum=good)
    with pytest.raises(InputError):  # nothing can be said of half a piece
        services.uploads.append(editor, upload, 10, Line(b"01234", breaks=True), checksum=good)
    assert services.uploads.get(editor, upload).offset == 10
    found = services.uploads.append(editor, upload, 10, Line(b"0123456789"), checksum=good)
    assert found.sha256 == hashlib.sha256(b"0123456789" * 2).hexdigest()


@pytest.mark.both_databases
def test_only_one_at_a_time_adds_to_an_upload(services: Services, editor: Actor) -> None:
    context = build_context(services.settings)
    here, elsewhere = (Uploads(context, patience_seconds=0.05) for _ in range(2))
    upload = begin(services, editor)
    begun, go = threading.Event(), threading.Event()

    class Slow(Line):
        def read(self, size: int, /) -> bytes:
            begun.set()
            go.wait(30)
            return super().read(size)

    first = threading.Thread(target=here.append, args=(editor, upload, 0, Slow(DATA)))
    first.start()
    begun.wait(30)
    for front in (here, elsewhere):
        with pytest.raises(BusyError):
            front.append(editor, upload, 0, Line(DATA))
        with pytest.raises(BusyError):
            front.delete(editor, upload)
        assert front.get(editor, upload).offset == 0
    go.set()
    first.join(30)
    assert services.uploads.get(editor, upload).sha256 == hashlib.sha256(DATA).hexdigest()


def test_an_upload_is_its_senders_alone(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    others = [make_actor(services, "colleague"), make_actor(services, "chief", "maintainer"), SYSTEM]
    for other in others:
        for ask in (services.uploads.get, services.uploads.delete, services.uploads.open):
            with pytest.raises(NotFoundError):
                ask(other, upload)
        with pytest.raises(NotFoundError):
            services.uploads.append(other, upload, 0, Line(DATA))
    with pytest.raises(NotSignedInError):
        services.uploads.get(None, upload)
    with pytest.raises(NotPermittedError):
        services.uploads.create(SYSTEM, 1, "a.csv")


def test_a_file_larger_than_allowed_is_refused_before_a_byte_of_it(tmp_path: Path) -> None:
    services = make_services(tmp_path / "small", max_upload_bytes=1000)
    editor = make_actor(services, "editor")
    with pytest.raises(TooLargeError, match=r"1001 bytes\. At most 1000"):
        begin(services, editor, 1001)


@pytest.mark.both_databases(slow=True)
def test_uploads_nobody_uses_have_a_limit_together(services: Services, editor: Actor) -> None:
    small = replace(services.settings, max_pending_bytes=1000)
    front = Uploads(build_context(small))
    first = front.create(editor, 600, "a.csv")[0]
    with pytest.raises(TooLargeError, match=r"500 bytes.*1100 bytes.*1000"):
        front.create(editor, 500, "b.csv")
    front.create(make_actor(services, "chief", "maintainer"), 900, "other-publisher.csv")
    front.delete(editor, first.id)
    second = front.create(editor, 500, "b.csv")[0]
    front.append(editor, second.id, 0, Line(b"n\n" * 250))
    with pytest.raises(TooLargeError):
        front.create(editor, 501, "c.csv")
    with (file := front.open(editor, second.id)).stream:
        services.drafts.create(editor, "reservoirs", [file])
    front.create(editor, 1000, "c.csv")


def test_a_draft_takes_a_finished_upload_without_copying_it(services: Services, editor: Actor) -> None:
    data = CSV.encode()
    found = send(services, editor, data)
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    with (file := services.uploads.open(editor, found.id)).stream:
        view, _ = services.drafts.create(editor, "reservoirs", [file], [option])
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).status == "valid"
    blob = services.settings.private_folder / blob_key(hashlib.sha256(data).hexdigest())
    assert blob.samefile(services.settings.upload_folder / found.id)
    services.uploads.delete(editor, found.id)
    assert blob.read_bytes() == data
    services.drafts.submit(editor, view.id)
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).version == "1.0.0"


def test_an_upload_that_is_not_all_there_makes_no_draft(services: Services, editor: Actor) -> None:
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA[:1000]))
    with pytest.raises(StateError, match="1000 of 1048576 bytes"):
        services.uploads.open(editor, upload)


@pytest.mark.both_databases(slow=True)
def test_what_nobody_sends_on_expires_and_is_removed(services: Services, editor: Actor) -> None:
    folder = services.settings.upload_folder
    old, young, used = begin(services, editor), begin(services, editor), send(services, editor, b"n\n1\n").id
    services.uploads.append(editor, old, 0, Line(DATA[:1000]))
    with (file := services.uploads.open(editor, used)).stream:
        services.drafts.create(editor, "reservoirs", [file])
    later(services, 23).append(editor, young, 0, Line(DATA[:1000]))
    tomorrow = later(services, 25)
    with pytest.raises(ExpiredError):
        tomorrow.get(editor, old)
    tomorrow.tidy()
    with pytest.raises(NotFoundError):
        tomorrow.get(editor, old)
    assert {path.name for path in folder.iterdir()} == {young}
    assert tomorrow.get(editor, young).offset == 1000
    (draft,) = services.drafts.list(editor).items
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "valid"


def test_the_worker_tidies_uploads_and_their_strays_but_not_those_at_work(services: Services, editor: Actor) -> None:
    folder = services.settings.upload_folder
    upload = begin(services, editor)
    services.uploads.append(editor, upload, 0, Line(DATA[:1000]))
    (folder / "belongs-to-nobody").write_bytes(b"x")
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    services.work.tidy()
    assert {path.name for path in folder.iterdir()} == {upload}
    tomorrow = later(services, 25)
    with UploadFiles(folder).lock(upload):
        tomorrow.tidy()
    assert (folder / upload).exists()
    tomorrow.tidy()
    assert not (folder / upload).exists()
