"""Uploads whose pieces are in the private store: any machine takes the next one, and one at a time does."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from opendata.db.models import Upload
from opendata.errors import BusyError, ChecksumError, ExpiredError, NotFoundError
from opendata.services.core.actors import Actor
from opendata.services.core.context import read_clock
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import Checksum
from opendata.services.uploads.uploads import Uploads
from opendata.wiring import Services, build_context
from tests.instances import SCHEMA

DATA = b"code,name,level,measured\n" + b"".join(b"A%03d,x,%d,2026-01-31\n" % (n, n) for n in range(900))


@pytest.fixture
def make(services: Services) -> Callable[..., Uploads]:
    """One machine more."""

    def make(**options: float) -> Uploads:
        hours = options.pop("hours", 0)
        context = build_context(services.settings, clock=lambda: read_clock() + timedelta(hours=hours))
        return Uploads(context, is_shared=True, **options)  # type: ignore[arg-type]

    return make


def count_private(services: Services) -> int:
    return len(list(services.settings.private_folder.glob("blobs/sha256/*/*")))


def test_every_piece_may_go_to_another_machine(services: Services, editor: Actor, make: Callable[..., Uploads]) -> None:
    first, second = make(), make(save_bytes=1000)
    view, _ = first.create(editor, len(DATA), "levels.csv")
    view = first.append(editor, view.id, 0, io.BytesIO(DATA[:5000]))
    assert second.get(editor, view.id).offset == 5000
    with pytest.raises(ChecksumError):
        second.append(editor, view.id, 5000, io.BytesIO(DATA[5000:6000]), checksum=Checksum("sha1", b"no"))
    sha1 = Checksum("sha1", hashlib.sha1(DATA[5000:6000]).digest())  # noqa: S324 - what clients send
    second.append(editor, view.id, 5000, io.BytesIO(DATA[5000:6000]), checksum=sha1)
    first.append(editor, view.id, 6000, io.BytesIO(DATA[6000:7000]))
    view = second.append(editor, view.id, 7000, io.BytesIO(DATA[7000:]))
    assert (view.state, view.sha256) == ("finished", hashlib.sha256(DATA).hexdigest())
    file = first.open(editor, view.id)
    with contextlib.closing(file.stream):
        assert file.stream.read() == DATA
        file.stream.seek(0)
        option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
        services.drafts.create(editor, "reservoirs", [file], [option])
    assert list(services.settings.receiving_folder.glob("upload-*")) == []
    services.collecting.run()
    before = count_private(services)
    second.delete(editor, view.id)
    assert count_private(services) == before - 4
    with pytest.raises(NotFoundError):
        first.get(editor, view.id)


def test_an_upload_is_one_machines_until_it_lets_go_or_dies(
    services: Services, editor: Actor, make: Callable[..., Uploads]
) -> None:
    first, second = make(), make(patience_seconds=0)
    view, _ = first.create(editor, 10, "levels.csv")

    class Stalling(io.BytesIO):
        """A connection that stalls until another machine has taken the upload over."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                return b""
            with pytest.raises(BusyError):
                second.append(editor, view.id, 0, io.BytesIO(b"b"))
            with services.database.unit(write=True) as session:
                row = session.get(Upload, view.id)
                assert row is not None
                row.held_until = read_clock() - timedelta(seconds=1)
            assert second.append(editor, view.id, 0, io.BytesIO(b"second")).offset == 6
            return super().read(size)

    with pytest.raises(BusyError):
        first.append(editor, view.id, 0, Stalling(b"firstfirst"))
    assert second.append(editor, view.id, 6, io.BytesIO(b"half")).sha256 == hashlib.sha256(b"secondhalf").hexdigest()


def test_expired_uploads_go_with_their_pieces(services: Services, editor: Actor, make: Callable[..., Uploads]) -> None:
    view, _ = make().create(editor, 10, "levels.csv")
    make().append(editor, view.id, 0, io.BytesIO(b"half"))
    assert count_private(services) == 1
    later = make(hours=services.settings.upload_hours + 1)
    with pytest.raises(ExpiredError):
        later.get(editor, view.id)
    later.tidy()
    assert count_private(services) == 0
