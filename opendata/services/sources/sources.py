"""Sources: where a dataset's table is fetched from. They are defined, changed, asked for and deleted here."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Source, SourceRun
from opendata.domain.access.scopes import Verb
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.sources.address import SECRET_PLACE
from opendata.domain.sources.timetable import REGULAR_CYCLES, Cycle
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.outside.sftp import name_key
from opendata.services.catalogue.entries import find_dataset, require_kept
from opendata.services.core.actors import Actor, require_editor, require_insider, require_verb
from opendata.services.core.context import Context
from opendata.services.core.leases import give_back
from opendata.services.sources.values import SourceInput, SourceView, read_address, read_timetable, view_source
from opendata.storage.secrets import encrypt_secret

_SHOWN_RUNS = 20


class Sources:
    """Defines sources. They belong to the editors of the dataset's publisher."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get(self, actor: Actor | None, dataset: str) -> SourceView:
        """The source of a dataset. Raises `NotFoundError` if it has none, `NotPermittedError`."""
        with self._context.read() as session:
            require_insider(actor, find_dataset(session, dataset).publisher_id, dataset)
            return self._view(session, _find(session, dataset))

    def find(self, actor: Actor | None, dataset: str) -> SourceView | None:
        """The source of a dataset, None if it has none. Raises `NotPermittedError`."""
        try:
            return self.get(actor, dataset)
        except NotFoundError:
            with self._context.read() as session:
                find_dataset(session, dataset)
            return None

    def put(self, actor: Actor | None, dataset: str, said: SourceInput) -> tuple[SourceView, bool]:
        """Say where a dataset's table is fetched from; what it is now, and whether it is new.

        From now on it is fetched as this actor. The next run makes a draft in any case. Raises `InvalidMetadataError`,
        `NotFoundError`, `NotPermittedError`, `ScopeError` where it submits drafts and the token may not.
        """
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            require_kept(owner)
            found = require_editor(actor, owner.publisher_id, dataset)
            if said.submit:
                require_verb(found, Verb.PUBLISH)
            row = session.scalar(select(Source).where(Source.dataset_id == dataset))
            _require_sound(said, owner, row)
            is_new = row is None
            if row is None:
                row = Source(dataset_id=dataset, revision=0, host_key="", etag="", modified="")
                session.add(row)
            self._change(row, said, found)
            row.due = read_timetable(row).find_next(
                self._context.clock(), ZoneInfo(self._context.settings.timezone), owner.meta.get("updateCycle", "")
            )
            address = read_address(row.url)
            self._context.log(
                session, found, "set-source", "dataset", dataset, scheme=address.scheme, host=address.host
            )
            session.flush()
            return self._view(session, row), is_new

    def ask(self, actor: Actor | None, dataset: str, *, accept_key: str = "") -> SourceView:
        """Ask for a run now; the worker does it. `accept_key` is the server's key that a person has compared.

        Raises `StateError` where that isn't the key that the server showed, `NotFoundError`, `NotPermittedError`.
        """
        with self._context.write() as session:
            owner = find_dataset(session, dataset)
            require_kept(owner)
            found = require_editor(actor, owner.publisher_id, dataset)
            row = _find(session, dataset, lock=True)
            if accept_key:
                if row.offered_key != accept_key:
                    raise StateError(N_("The server has shown another key since. Compare its fingerprint again"))
                row.host_key, row.offered_key = accept_key, None
                details = {"fingerprint": name_key(accept_key)}
                self._context.log(session, found, "accept-key", "dataset", dataset, **details)
            row.asked = True
            self._context.log(session, found, "fetch", "dataset", dataset)
            session.flush()
            return self._view(session, row)

    def delete(self, actor: Actor | None, dataset: str) -> None:
        """Fetch no more; the secret and the list of runs are gone. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            found = require_editor(actor, owner.publisher_id, dataset)
            row = _find(session, dataset, lock=True)
            session.execute(delete(SourceRun).where(SourceRun.source_id == row.id))
            session.delete(row)
            self._context.log(session, found, "delete-source", "dataset", dataset)

    def _change(self, row: Source, said: SourceInput, actor: Actor) -> None:
        if said.secret is not None:
            row.secret = encrypt_secret(self._context.settings.key_folder, said.secret) if said.secret else None
        row.url, row.query, row.resource = said.url, said.query, said.resource
        row.host_key, row.offered_key = said.host_key, None
        row.cycle, row.at, row.day = Cycle(said.cycle), said.at, said.day
        row.submits, row.contact = said.submit, parse_mail_address(said.contact) or ""
        row.author_id, row.author = actor.id, actor.name
        row.changed = self._context.clock()
        row.revision += 1
        row.tries, row.digest, row.etag, row.modified = 0, None, "", ""
        # A run that is under way is void: it may have fetched from elsewhere.
        give_back(row)
        row.asked = False

    def _view(self, session: Session, row: Source) -> SourceView:
        query = select(SourceRun).where(SourceRun.source_id == row.id)
        runs = list(session.scalars(query.order_by(SourceRun.id.desc()).limit(_SHOWN_RUNS)))
        return view_source(row, runs, name_key(row.offered_key) if row.offered_key else "")


def _find(session: Session, dataset: str, *, lock: bool = False) -> Source:
    query = select(Source).where(Source.dataset_id == dataset)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFoundError(N_("The dataset “%(id)s” isn't fetched automatically"), id=dataset[:100])
    return row


def gives_secret_elsewhere(old: str, new: str) -> bool:
    """Whether a secret that is kept would be sent to somebody else, or otherwise protected, by a new address."""
    before, after = read_address(old), read_address(new)
    shows = SECRET_PLACE in old + new and old != new  # then the address says where in a request it is
    return shows or before.party != after.party or before.options != after.options


def _require_sound(said: SourceInput, owner: Dataset, row: Source | None) -> None:
    """Raises `InvalidMetadataError`; also where a secret would get into the hands of another server."""
    faults = said.list_faults()
    if not faults:
        keeps = said.secret is None and row is not None and row.secret is not None
        if keeps and row is not None and gives_secret_elsewhere(row.url, said.url):
            text = N_("The server or the user is another one now. Enter the password again")
            faults.append(fault("/secret", text))
        if said.cycle == Cycle.DATASET and owner.meta.get("updateCycle", "") not in REGULAR_CYCLES:
            text = N_("The dataset has no regular update cycle. Choose how often to fetch")
            faults.append(fault("/cycle", text))
    if faults:
        raise InvalidMetadataError(faults=faults)
