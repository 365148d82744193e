"""Fetching: the worker takes a source that is due, fetches its file, and sends it as its author would.

A source is held by a lease, so that two workers never fetch it at once. A run has its row before it begins; if the
worker dies, the next one continues the same row, and the draft of a run is made once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, Source, SourceRun, User
from opendata.domain.drafts import CHANGE, DraftState
from opendata.domain.sources.address import SourceKind
from opendata.domain.sources.timetable import Outcome
from opendata.errors import (
    N_,
    BackendError,
    InputError,
    KeptMessage,
    NotPermittedError,
    NotSignedInError,
    OpendataError,
    StateError,
)
from opendata.intake.kind.kinds import detect_kind
from opendata.outside.fetched import Fetched, Target
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import HttpRequest, fetch_http
from opendata.outside.sftp import SftpRequest, UnknownKeyError, fetch_sftp
from opendata.outside.sql import SqlRequest, fetch_sql
from opendata.services.access.posts import view_actor
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.actors import SYSTEM, Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, give_back
from opendata.services.core.once import Once
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.intake import ResourceOption, Sent
from opendata.services.sources.endings import Ending, finish
from opendata.services.sources.submitting import Submitting
from opendata.services.sources.values import read_address
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.faults import require_room
from opendata.storage.secrets import decrypt_secret

logger = logging.getLogger(__name__)

_KEPT_RUNS = 50
_SENDING = timedelta(minutes=5)
"""How long it may take to send a file that was fetched, beyond the time for fetching."""

_BUSY = timedelta(minutes=1)
_OFFICE = b"urn:schemas-microsoft-com:office"
"""What is in a page that a system calls an Excel file."""

_WEB_PAGE = N_(
    "The server sent a web page instead of a file. Open the address in a browser: it may ask to sign in, or show an"
    " error"
)
_CLOSED = N_("The account “%(name)s”, as which the table was fetched, is closed. Save this page again to use yours")
_UNKNOWN_KEY = N_("Nobody has accepted the key of this server yet. Compare its fingerprint: %(fingerprint)s")
_FAULT = N_("The portal couldn't do it. The reason is in its log")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A source that is held by this worker: as it was when it was taken."""

    id: int
    run: int
    owner: str
    dataset: str
    publisher: str
    resource: str
    url: str
    query: str
    secret: str | None
    host_key: str
    digest: str | None
    etag: str
    modified: str
    draft: str | None
    author: Actor
    is_closed: bool


class _BusyError(Exception):
    """The draft of the source is being worked at: a moment later it can take another file."""


class Fetching:
    """Fetches what is due."""

    def __init__(self, context: Context, drafts: Drafts) -> None:
        self._context = context
        self._drafts = drafts
        self._submitting = Submitting(context, drafts)
        self._leases = Leases(
            context=context,
            table=Source,
            is_due=_is_due,
            order=(Source.asked.desc(), Source.due, Source.id),
            lasts=timedelta(seconds=context.settings.source_seconds) + _SENDING,
        )

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Fetch every source that is due, one after the other, and act on drafts that are checked; how many sources."""
        self._submitting.run()
        count = 0
        while not is_stopping() and (taken := self._leases.take(self._describe)) is not None:
            self._run(taken)
            count += 1
        return count

    def _begin(self, session: Session, row: Source) -> SourceRun:
        """The row of a run: that of a worker which died, or a new one."""
        left = select(SourceRun).where(SourceRun.source_id == row.id, SourceRun.outcome == Outcome.RUNNING)
        run = session.scalar(left.order_by(SourceRun.id.desc()))
        if run is None:
            run = SourceRun(source_id=row.id, begun=self._context.clock(), outcome=Outcome.RUNNING)
            session.add(run)
            session.flush()
            kept = select(SourceRun.id).where(SourceRun.source_id == row.id).order_by(SourceRun.id.desc())
            old = session.scalars(kept.offset(_KEPT_RUNS)).all()
            session.execute(delete(SourceRun).where(SourceRun.id.in_(old)))
        return run

    def _describe(self, session: Session, row: Source, owner: str) -> _Taken:
        run = self._begin(session, row)
        author = session.get_one(User, row.author_id) if row.author_id is not None else None
        return _Taken(
            id=row.id,
            run=run.id,
            owner=owner,
            dataset=row.dataset_id,
            publisher=find_dataset(session, row.dataset_id).publisher_id,
            resource=row.resource,
            url=row.url,
            query=row.query,
            secret=row.secret,
            host_key=row.host_key,
            digest=row.digest,
            etag=row.etag,
            modified=row.modified,
            draft=row.draft_id,
            author=view_actor(session, author) if author else SYSTEM,
            is_closed=author is not None and author.disabled,
        )

    def _run(self, taken: _Taken) -> None:
        try:
            ending = self._fetch_and_send(taken)
        except _BusyError:
            self._put_off(taken)
            return
        except UnknownKeyError as error:
            reason: KeptMessage = {"message": _UNKNOWN_KEY, "params": {"fingerprint": error.fingerprint}}
            ending = Ending(outcome=Outcome.STOPPED, reason=reason, offered_key=error.key)
        except (NotPermittedError, NotSignedInError, StateError) as error:
            ending = Ending(outcome=Outcome.STOPPED, reason=error.describe())
        except InputError as error:
            ending = Ending(outcome=Outcome.FAILED, reason=_describe(error))
        except OpendataError as error:
            ending = Ending(outcome=Outcome.FAILED, reason=error.describe())
        except Exception:
            logger.exception("the source of the dataset %s", taken.dataset)
            ending = Ending(outcome=Outcome.FAILED, reason={"message": _FAULT, "params": {}})
        self._finish(taken, ending)

    def _fetch_and_send(self, taken: _Taken) -> Ending:
        actor = _require_author(taken)
        with self._context.work_folder() as folder:
            path = folder / "fetched"
            fetched = self._fetch(taken, path)
            if fetched is None:
                return Ending(outcome=Outcome.UNCHANGED)
            if fetched.size == 0:
                raise BackendError(N_("The file is empty"))
            ending = Ending(
                outcome=Outcome.UNCHANGED,
                bytes=fetched.size,
                digest=fetched.sha256,
                etag=fetched.etag,
                modified=fetched.modified,
            )
            if fetched.sha256 == taken.digest:
                return ending
            _refuse_page(path, taken)
            self._require_held(taken)
            draft = self._send(actor, taken, fetched, path)
            return replace(ending, outcome=Outcome.DRAFT, draft=draft)

    def _fetch(self, taken: _Taken, path: Path) -> Fetched | None:
        settings = self._context.settings
        require_room(settings.private_folder, settings.free_bytes)
        address = read_address(taken.url)
        secret = decrypt_secret(settings.key_folder, taken.secret) if taken.secret else ""
        target, guard = Target(path, settings.max_upload_bytes), Guard(settings.source_hosts)
        with Deadline(settings.source_seconds) as deadline:
            if address.kind == SourceKind.HTTP:
                request = HttpRequest(url=taken.url, secret=secret, etag=taken.etag, modified=taken.modified)
                return fetch_http(request, target, guard, deadline)
            if address.kind == SourceKind.SFTP:
                wanted = SftpRequest(address=address, secret=secret, host_key=taken.host_key)
                return fetch_sftp(wanted, target, guard, deadline)
            files = settings.home / Path(settings.source_folder).expanduser() if settings.source_folder else None
            query = SqlRequest(address=address, query=taken.query, secret=secret, folder=files)
            return fetch_sql(query, target, guard, deadline)

    def _send(self, actor: Actor, taken: _Taken, fetched: Fetched, path: Path) -> str:
        """Send the file as a new draft, or into the draft of the file before where nobody has worked on its file."""
        name = fetched.name or taken.resource
        option = ResourceOption(file=name, name=taken.resource, type="table")
        with path.open("rb") as stream:
            sent = Sent(
                files=[UploadedFile(name, stream)],
                options=[option],
                once=Once(f"source-{taken.id}-{taken.run}", fetched.sha256),
            )
            draft = self._find_open(taken)
            if draft is not None:
                try:
                    return self._drafts.receive_again(actor, draft, lambda: sent).id
                except StateError:  # somebody has taken a step with it in this moment
                    raise _BusyError from None
            return self._drafts.receive(actor, taken.dataset, lambda: sent)[0].id

    def _find_open(self, taken: _Taken) -> str | None:
        """The draft that the last file went into, if it can take another. Raises `_BusyError` while it is checked."""
        with self._context.read() as session:
            row = session.get(Draft, taken.draft) if taken.draft else None
            if row is None or row.dataset_id != taken.dataset:
                return None
            if row.status == DraftState.VALIDATING:
                raise _BusyError
            own = {item.name: item.upload for item in row.resources}
            is_ours = own.get(taken.resource) == taken.digest
            return row.id if row.status in CHANGE.sources and is_ours else None

    def _require_held(self, taken: _Taken) -> None:
        """Raises `StateError` if the source was saved or deleted while it was fetched."""
        with self._context.read() as session:
            row = session.get(Source, taken.id)
            if row is None or row.owner != taken.owner:
                raise StateError(N_("The source was changed while it was fetched"))

    def _put_off(self, taken: _Taken) -> None:
        with self._context.write() as session:
            row = self._leases.find(session, taken.id, taken.owner)
            if row is not None:
                give_back(row)
                row.asked, row.due = False, self._context.clock() + _BUSY

    def _finish(self, taken: _Taken, ending: Ending) -> None:
        with self._context.write() as session:
            row = self._leases.find(session, taken.id, taken.owner)
            run = session.get(SourceRun, taken.run)
            if run is None:
                return  # it was deleted meanwhile
            if row is None:
                text = N_("The source was changed while it was fetched")
                run.outcome, run.ended = Outcome.FAILED, self._context.clock()
                run.reason = {"message": text, "params": {}}
                return
            finish(self._context, session, row, run, ending)


def _is_due(now: datetime) -> ColumnElement[bool]:
    archived = select(Dataset.id).where(Dataset.archived.is_not(None))
    return and_(or_(Source.asked, Source.due <= now), Source.dataset_id.not_in(archived))


def _require_author(taken: _Taken) -> Actor:
    """Who the draft is made as. Raises `NotPermittedError` where their account is closed or has lost the right."""
    if taken.is_closed:
        raise NotPermittedError(_CLOSED, name=taken.author.name)
    return require_editor(taken.author, taken.publisher, taken.dataset)


def _refuse_page(path: Path, taken: _Taken) -> None:
    """Raises `BackendError` for a web page that isn't a table in disguise."""
    if read_address(taken.url).kind != SourceKind.HTTP or detect_kind(path).form != "html":
        return
    with path.open("rb") as file:
        if _OFFICE not in file.read(4096):
            raise BackendError(_WEB_PAGE)


def _describe(error: InputError) -> KeptMessage:
    """What is wrong with a file: the first fault, if the error has some."""
    return InputError.from_fault(error.faults[0]).describe() if error.faults else error.describe()
