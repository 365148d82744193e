"""Rows of registrations: found, locked, shown, and changed by a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, RegistrationEvent, RegistrationRow, User, Version
from opendata.domain.registers.form import Document
from opendata.domain.registers.needs import Known, find_standing
from opendata.domain.registers.registration import (
    NEEDS_CODE,
    OPEN_STATES,
    DocumentKind,
    RegisterLimits,
    Registration,
    RegistrationKind,
    RegistrationState,
    RegistrationStep,
    StepTaken,
    list_steps,
    settle_earlier,
    take_step,
)
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import read_calendar
from opendata.services.governance.registers.values import DatasetLabel, RegistrationView, StepView
from opendata.settings import Settings

_NAMES = tuple(item.name for item in fields(Registration))


@dataclass(frozen=True, slots=True)
class Said:
    """A step as somebody says it: what the domain takes, and a note."""

    taken: StepTaken
    note: str = ""


def limits_of(settings: Settings) -> RegisterLimits:
    """The limits of the register office."""
    return RegisterLimits(
        check_days=settings.register_check_days,
        notice_days=settings.register_notice_days,
        valid_years=settings.register_valid_years,
        renewal_days=settings.register_renewal_days,
    )


def read_row(row: RegistrationRow) -> Registration:
    """What the steps change of a row."""
    return Registration(**{name: getattr(row, name) for name in _NAMES})


def know(row: RegistrationRow) -> Known:
    """A row as what a dataset owes follows from it."""
    return Known(id=row.id, version=row.version, found=read_row(row))


def find_row(session: Session, registration: int, *, lock: bool = False) -> tuple[RegistrationRow, Dataset]:
    """A registration with its dataset. Raises `NotFoundError`."""
    query = select(RegistrationRow).where(RegistrationRow.id == registration)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query) if 0 < registration < 1 << 31 else None
    dataset = session.scalar(select(Dataset).where(Dataset.uuid == row.dataset_uuid)) if row is not None else None
    if row is None or dataset is None:
        raise NotFoundError(N_("There is no registration with this number"))
    return row, dataset


_OF_DATASET = (
    select(RegistrationRow).where(RegistrationRow.dataset_uuid == bindparam("uuid")).order_by(RegistrationRow.id)
)


def list_rows(session: Session, dataset: Dataset) -> Sequence[RegistrationRow]:
    """The registrations of a dataset, the oldest first."""
    return session.scalars(_OF_DATASET, {"uuid": dataset.uuid}).all()


def check_begin(
    session: Session, dataset: Dataset, kind: RegistrationKind, version: str, today: date
) -> RegistrationRow | None:
    """The registration that a new one of a kind is about, if any.

    Raises `StateError` where one is open, or the kind doesn't fit what is there, `InvalidMetadataError` for a version
    that the dataset doesn't have.
    """
    rows = list_rows(session, dataset)
    if any(row.state in OPEN_STATES for row in rows):
        raise StateError(N_("A registration of this dataset is open already. Finish it, or cancel it"))
    standing = find_standing([know(row) for row in rows], today)
    is_valid = standing is not None and standing.found.state_on(today) == RegistrationState.REGISTERED
    if kind == RegistrationKind.INITIAL and is_valid:
        raise StateError(N_("This dataset is registered. Register a change, or correct or cancel its registration"))
    if kind != RegistrationKind.INITIAL and standing is None:
        raise StateError(N_("This dataset isn't registered yet. Begin with its first registration"))
    known = set(session.scalars(select(Version.version).where(Version.dataset_id == dataset.id)))
    if version and version not in known:
        text = N_("“%(dataset)s” has no version “%(version)s”")
        raise InvalidMetadataError(faults=[fault("/version", text, dataset=dataset.id, version=version[:40])])
    return next((row for row in rows if standing is not None and row.id == standing.id), None)


def begin_row(
    context: Context, session: Session, dataset: Dataset, kind: RegistrationKind, version: str
) -> RegistrationRow:
    """A registration that is begun. Raises as `check_begin` does."""
    session.scalar(select(Dataset.id).where(Dataset.id == dataset.id).with_for_update())
    before = check_begin(session, dataset, kind, version, context.today())
    row = RegistrationRow(dataset_uuid=dataset.uuid, version=version, kind=kind, state=RegistrationState.PREPARING)
    row.code, row.documents, row.revision = "", [], 1
    row.said = dict(before.said) if before is not None else {}
    row.previous_id = before.id if before is not None else None
    row.created = row.changed = context.now()
    session.add(row)
    session.flush()
    return row


def check_step(context: Context, session: Session, dataset: Dataset, found: Registration, said: Said) -> Registration:
    """A registration after a step, with nothing kept. Raises `StateError`, `InvalidMetadataError`."""
    if said.taken.step in NEEDS_CODE and said.taken.step in list_steps(found):
        _check_code(session, dataset, found, said.taken.code)
    return take_step(found, said.taken, context.today(), limits_of(context.settings), read_calendar(session))


def take(context: Context, session: Session, actor: Actor, row: RegistrationRow, dataset: Dataset, said: Said) -> None:
    """Take a step with a locked row. Raises as `check_step` does."""
    step = said.taken.step
    after = check_step(context, session, dataset, read_row(row), said)
    if step in NEEDS_CODE:
        _settle(session, row, dataset, after)
    put(row, after)
    row.revision += 1
    row.changed = context.now()
    event = RegistrationEvent(registration_id=row.id, step=step, state=row.state, day=said.taken.day, note=said.note)
    event.at, event.user_id = row.changed, actor.id
    session.add(event)
    if step in NEEDS_CODE or step == RegistrationStep.CANCEL:
        touch(context, session, dataset)
    details = {"registration": row.id, "step": str(step), "day": said.taken.day.isoformat()}
    context.log(session, actor, "registration-step", "dataset", dataset.id, **details)


def put(row: RegistrationRow, found: Registration) -> None:
    """Keep what the steps changed."""
    for name in _NAMES:
        setattr(row, name, getattr(found, name))


def touch(context: Context, session: Session, dataset: Dataset) -> None:
    """Have documents of the catalogue be made again: what is said of the dataset's versions has changed."""
    for version in session.scalars(select(Version).where(Version.dataset_id == dataset.id)):
        version.changed = context.now()
    dataset.revision += 1


def view_rows(session: Session, rows: Sequence[tuple[RegistrationRow, Dataset]], today: date) -> list[RegistrationView]:
    """What is shown of rows."""
    earlier = [row.previous_id for row, _ in rows if row.previous_id is not None]
    codes = dict(
        session.execute(select(RegistrationRow.id, RegistrationRow.code).where(RegistrationRow.id.in_(earlier))).all()
    )
    returned = [row.id for row, _ in rows if row.state == RegistrationState.RETURNED]
    notes: dict[int, str] = {}
    query = select(RegistrationEvent).where(
        RegistrationEvent.registration_id.in_(returned), RegistrationEvent.step == RegistrationStep.RETURN
    )
    for event in session.scalars(query.order_by(RegistrationEvent.id)):
        notes[event.registration_id] = event.note
    return [_view(row, dataset, today, codes, notes.get(row.id, "")) for row, dataset in rows]


def view_steps(session: Session, row: RegistrationRow) -> list[StepView]:
    """The steps that were taken, the oldest first."""
    query = (
        select(RegistrationEvent, User.name)
        .outerjoin(User, User.id == RegistrationEvent.user_id)
        .where(RegistrationEvent.registration_id == row.id)
        .order_by(RegistrationEvent.id)
    )
    return [
        StepView(step=event.step, state=event.state, day=event.day, note=event.note, at=event.at, by=name or "")
        for event, name in session.execute(query)
    ]


def read_documents(found: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Documents as they are kept."""
    return [Document(kind=DocumentKind(item["kind"]), name=item["name"], sha256=item["sha256"]) for item in found]


def _check_code(session: Session, dataset: Dataset, found: Registration, code: str) -> None:
    """The code of another dataset isn't that of this one."""
    if not code and found.kind != RegistrationKind.CANCELLATION:
        raise InvalidMetadataError(faults=[fault("/code", N_("Enter the code that the register office gave"))])
    query = select(Dataset.id).join(RegistrationRow, RegistrationRow.dataset_uuid == Dataset.uuid)
    other = code and session.scalar(
        query.where(RegistrationRow.code == code, RegistrationRow.dataset_uuid != dataset.uuid).limit(1)
    )
    if other:
        raise InvalidMetadataError(faults=[fault("/code", N_("“%(dataset)s” has this code already"), dataset=other)])


def _settle(session: Session, row: RegistrationRow, dataset: Dataset, after: Registration) -> None:
    """What was registered before doesn't count any more."""
    for other in list_rows(session, dataset):
        if other.id != row.id and other.state == RegistrationState.REGISTERED:
            found = read_row(other)
            if found.kind != RegistrationKind.CANCELLATION:
                put(other, replace(found, state=settle_earlier(after.kind)))


def _view(
    row: RegistrationRow, dataset: Dataset, today: date, codes: Mapping[int, str], returned: str
) -> RegistrationView:
    found = read_row(row)
    return RegistrationView(
        id=row.id,
        dataset=DatasetLabel(
            id=dataset.id, uuid=dataset.uuid, title=dataset.title or dataset.id, i18n=dataset.meta.get("i18n") or {}
        ),
        publisher=view_publisher(dataset.publisher),
        version=row.version,
        newest=dataset.head or "",
        kind=row.kind,
        state=found.state_on(today),
        code=row.code,
        previous=codes.get(row.previous_id or 0, ""),
        taken=row.taken,
        accepted=row.accepted,
        check_due=row.check_due,
        notice_first=row.notice_first,
        notice_last=row.notice_last,
        registered=row.registered,
        valid_until=row.valid_until,
        renew_from=row.renew_from,
        said=row.said,
        documents=read_documents(row.documents),
        steps=list_steps(found),
        returned=returned,
        revision=row.revision,
        created=row.created,
        changed=row.changed,
    )
