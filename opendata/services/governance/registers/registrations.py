"""Registrations of datasets with the register of public data resources: begun, filled in, and followed step by step.

The register office decides on its own platform. Somebody who edits for the publisher enters here what happened there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_, select

from opendata.db.models import Dataset, RegistrationRow
from opendata.domain.moments import read_day
from opendata.domain.offices.codes import clean_code, is_code
from opendata.domain.registers.form import APPLICATION, LONGEST, MOST_DOCUMENTS, is_digest
from opendata.domain.registers.registration import (
    LONGEST_CODE,
    DocumentKind,
    RegistrationKind,
    RegistrationState,
    RegistrationStep,
    StepTaken,
)
from opendata.errors import N_, Fault, InvalidMetadataError, PreconditionError, StateError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.access import is_listed, where_edited
from opendata.services.core.actors import Actor, require_editor, require_insider, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.reasons import read_reason
from opendata.services.core.values import Page
from opendata.services.governance.registers.rows import (
    Said,
    begin_row,
    find_row,
    list_rows,
    read_row,
    take,
    view_rows,
    view_steps,
)
from opendata.services.governance.registers.values import PublicRegistration, RegistrationView, StepView

_WRONG_DAY = N_("Write the day like 2026-09-30")
_SHOWN = (RegistrationState.REGISTERED, RegistrationState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFilter:
    """Which registrations: of a publisher, in a state, of a dataset. An empty text is any."""

    publisher: str = ""
    state: str = ""
    dataset: str = ""


class Registrations:
    """Keeps registrations."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor | None,
        wanted: RegistrationFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[RegistrationView]:
        """Those that somebody sees, the newest first. Raises `NotSignedInError`, `NotPermittedError`, `InputError`."""
        reader = require_publisher(actor)
        query = self._select(reader, wanted or RegistrationFilter())
        after = read_cursor(cursor)
        if after is not None:
            if not after.isdecimal() or len(after) > 9:
                raise refuse_cursor()
            query = query.where(RegistrationRow.id < int(after))
        with self._context.read() as session:
            rows = [(row, dataset) for row, dataset in session.execute(query.limit(limit + 1))]
            items = view_rows(session, rows[:limit], self._context.today())
        return Page(items, write_cursor(str(items[-1].id)) if len(rows) > limit else None)

    def get(self, actor: Actor | None, registration: int) -> RegistrationView:
        """One of them. Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`."""
        require_publisher(actor)
        with self._context.read() as session:
            row, dataset = find_row(session, registration)
            require_insider(actor, dataset.publisher_id, dataset.id)
            return view_rows(session, [(row, dataset)], self._context.today())[0]

    def list_steps(self, actor: Actor | None, registration: int) -> Sequence[StepView]:
        """What happened to one, the oldest first. Raises as `get` does."""
        require_publisher(actor)
        with self._context.read() as session:
            row, dataset = find_row(session, registration)
            require_insider(actor, dataset.publisher_id, dataset.id)
            return view_steps(session, row)

    def list_public(self, dataset: str) -> Sequence[PublicRegistration]:
        """What is registered of a public dataset, the newest first; none where it isn't public."""
        with self._context.read() as session:
            found = find_dataset(session, dataset)
            if not is_listed(found):
                return ()
            today = self._context.today()
            rows = [(row, read_row(row).state_on(today)) for row in reversed(list_rows(session, found))]
            return [
                PublicRegistration(
                    code=row.code,
                    version=row.version,
                    kind=row.kind,
                    state=state,
                    registered=row.registered,
                    valid_until=row.valid_until,
                )
                for row, state in rows
                if state in _SHOWN and row.code and row.kind != RegistrationKind.CANCELLATION
            ]

    def find_code(self, dataset: str, version: str) -> str:
        """The code of a public version in the register; empty where it has none."""
        return next((item.code for item in self.list_public(dataset) if item.version == version), "")

    def require(self, actor: Actor | None, dataset: str) -> None:
        """Raises `NotSignedInError`, `NotPermittedError` for who doesn't edit the dataset."""
        with self._context.read() as session:
            found = find_dataset(session, dataset)
            require_editor(actor, found.publisher_id, found.id)

    def begin(self, actor: Actor | None, dataset: str, said: Mapping[str, Any]) -> RegistrationView:
        """Begin one of a `kind` for a `version`: the newest, unless another one is named.

        Raises `NotFoundError`, `InvalidMetadataError`, `StateError`, `NotSignedInError`, `NotPermittedError`.
        """
        require_publisher(actor)
        kind = said.get("kind") or RegistrationKind.INITIAL
        faults = list(find_value_faults(dict(said)))
        if kind not in tuple(RegistrationKind):
            faults.append(fault("/kind", N_("Choose a kind: %(names)s"), names=", ".join(RegistrationKind)))
        if faults:
            raise InvalidMetadataError(faults=faults)
        with self._context.write() as session:
            found = find_dataset(session, dataset)
            by = require_editor(actor, found.publisher_id, found.id)
            if found.origin is not None:
                raise StateError(N_("This dataset is another portal's. Its own publisher registers it"))
            version = said.get("version")
            row = begin_row(
                self._context, session, found, RegistrationKind(kind), str(version or found.latest or "").strip()
            )
            self._context.log(session, by, "begin-registration", "dataset", found.id, registration=row.id, of=kind)
            return view_rows(session, [(row, found)], self._context.today())[0]

    def change(
        self, actor: Actor | None, registration: int, said: Mapping[str, Any], *, revision: int | None = None
    ) -> RegistrationView:
        """Keep what the application says (`said`: field → text) and its `documents`, each as a whole where given.

        Raises `InvalidMetadataError`, `StateError` while it is with the office, `PreconditionError` where somebody
        else saved another `revision`, and as `get` does.
        """
        require_publisher(actor)
        faults = list(find_value_faults(dict(said)))
        texts = _read_texts(said.get("said"), faults) if "said" in said else None
        documents = _read_documents(said.get("documents"), faults) if "documents" in said else None
        with self._context.write() as session:
            row, dataset = find_row(session, registration, lock=True)
            by = require_editor(actor, dataset.publisher_id, dataset.id)
            if faults:
                raise InvalidMetadataError(faults=faults)
            if revision is not None and revision != row.revision:
                raise PreconditionError(N_("Somebody saved this registration while you were writing. Open it again"))
            if row.state not in (RegistrationState.PREPARING, RegistrationState.RETURNED):
                raise StateError(
                    N_("This application is with the register office. It can be changed once it is returned")
                )
            before = (row.said, row.documents)
            row.said = texts if texts is not None else row.said
            row.documents = documents if documents is not None else row.documents
            if (row.said, row.documents) != before:
                row.revision += 1
                row.changed = self._context.now()
                self._context.log(session, by, "change-registration", "dataset", dataset.id, registration=row.id)
            session.flush()
            return view_rows(session, [(row, dataset)], self._context.today())[0]

    def take(self, actor: Actor | None, registration: int, step: str, said: Mapping[str, Any]) -> RegistrationView:
        """Say that a step was taken: on which `day` (today), with which `code`, `until` when, and a `note`.

        Raises `InvalidMetadataError`, `StateError` where it isn't possible, and as `get` does.
        """
        require_publisher(actor)
        taken = read_step(step, said, default_day=self._context.today().isoformat())
        with self._context.write() as session:
            row, dataset = find_row(session, registration, lock=True)
            by = require_editor(actor, dataset.publisher_id, dataset.id)
            take(self._context, session, by, row, dataset, taken)
            session.flush()
            return view_rows(session, [(row, dataset)], self._context.today())[0]

    def _select(self, actor: Actor, wanted: RegistrationFilter) -> Select[RegistrationRow, Dataset]:
        query = select(RegistrationRow, Dataset).join(Dataset, Dataset.uuid == RegistrationRow.dataset_uuid)
        query = query.where(where_edited(actor)).order_by(RegistrationRow.id.desc())
        if wanted.publisher:
            query = query.where(Dataset.publisher_id == wanted.publisher)
        if wanted.dataset:
            query = query.where(Dataset.id == wanted.dataset)
        today = self._context.today()
        if wanted.state == RegistrationState.EXPIRED:
            return query.where(
                RegistrationRow.state == RegistrationState.REGISTERED, RegistrationRow.valid_until < today
            )
        if wanted.state == RegistrationState.REGISTERED:
            is_valid = or_(RegistrationRow.valid_until.is_(None), RegistrationRow.valid_until >= today)
            return query.where(and_(RegistrationRow.state == RegistrationState.REGISTERED, is_valid))
        if wanted.state in tuple(RegistrationState):
            return query.where(RegistrationRow.state == RegistrationState(wanted.state))
        return query


def read_step(step: str, said: Mapping[str, Any], *, default_day: str = "") -> Said:
    """A step as somebody says it. Raises `InvalidMetadataError`."""
    faults = list(find_value_faults(dict(said)))
    if step not in tuple(RegistrationStep):
        faults.append(
            fault("/step", N_("A registration has no such step: %(names)s"), names=", ".join(RegistrationStep))
        )
        raise InvalidMetadataError(faults=faults)
    day = read_day(str(said.get("day") or default_day).strip())
    until_text = str(said.get("until") or "").strip()
    until = read_day(until_text) if until_text else None
    code = str(said.get("code") or "").strip()
    if day is None:
        faults.append(fault("/day", _WRONG_DAY))
    if until_text and until is None:
        faults.append(fault("/until", _WRONG_DAY))
    if len(code) > LONGEST_CODE or not code.isprintable():
        faults.append(fault("/code", N_("A code has at most %(most)s characters, in one line"), most=LONGEST_CODE))
    if faults or day is None:
        raise InvalidMetadataError(faults=faults)
    is_returned = step == RegistrationStep.RETURN
    note = read_reason("/note", said.get("note"), missing=N_("Say what must be mended"), needed=is_returned)
    return Said(StepTaken(step=RegistrationStep(step), day=day, code=code, until=until), note)


def _read_texts(found: Any, faults: list[Fault]) -> dict[str, str]:
    texts: dict[str, str] = {}
    if not isinstance(found, Mapping):
        faults.append(fault("/said", N_("This must be a JSON object")))
        return texts
    for name, value in found.items():
        place = f"/said/{name}"
        if name not in APPLICATION:
            faults.append(fault("/said", N_("An application has no field “%(name)s”"), name=str(name)[:60]))
        elif not isinstance(value, str) or len(value) > LONGEST:
            faults.append(fault(place, N_("This must be text of at most %(most)s characters"), most=LONGEST))
        elif value.strip():
            texts[name] = value.strip()
    code = texts.get("agentCode")
    if code and not is_code(clean_code(code)):
        faults.append(fault("/said/agentCode", N_("“%(value)s” isn't a unified social credit code"), value=code[:40]))
    return texts


def _read_documents(found: Any, faults: list[Fault]) -> list[dict[str, str]]:
    if not isinstance(found, list | tuple) or len(found) > MOST_DOCUMENTS:
        text = N_("This must be a list of at most %(most)s documents")
        faults.append(fault("/documents", text, most=MOST_DOCUMENTS))
        return []
    documents = []
    for number, item in enumerate(found):
        place = f"/documents/{number}"
        parts = item if isinstance(item, Mapping) else {}
        kind, name, digest = (str(parts.get(part) or "").strip() for part in ("kind", "name", "sha256"))
        digest = digest.lower().removeprefix("sha256:")
        if kind not in tuple(DocumentKind):
            faults.append(fault(f"{place}/kind", N_("Choose a kind: %(names)s"), names=", ".join(DocumentKind)))
        if not name or len(name) > 200 or not name.isprintable():
            faults.append(fault(f"{place}/name", N_("Enter the name of the document, at most 200 characters")))
        if not is_digest(digest):
            faults.append(fault(f"{place}/sha256", N_("A SHA-256 has 64 characters: 0 to 9 and a to f")))
        documents.append({"kind": kind, "name": name, "sha256": digest})
    return documents
