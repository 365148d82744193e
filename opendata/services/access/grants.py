"""Grants: permission for a reader to have the rows of a dataset that isn't open, given by its publisher.

A grant names who may have the rows, for what purpose, under which agreement and until when.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Grant, User
from opendata.domain.moments import format_time, read_day
from opendata.domain.records import GrantEnd
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.canonical import write_canonical
from opendata.metadata.text import find_value_faults
from opendata.services.access.accounts import add_account, check_account
from opendata.services.catalogue.entries import find_dataset, view_dataset
from opendata.services.catalogue.publishers import find_living
from opendata.services.core.access import disclosure_of, has_ended, where_granted
from opendata.services.core.actors import Actor, require_editor, require_insider, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.reasons import MAX_REASON, TOO_LONG, read_reason
from opendata.services.core.records import keep_record
from opendata.services.core.values import DatasetView, GrantState, GrantView
from opendata.storage.store import grant_end_key

INVITATION_PREFIX = "odi_"
"""What every invitation begins with, so that a leaked one is recognised."""

_INVITATION_DAYS = 14
_MOST_YEARS = 10


class Grants:
    """Gives grants, invites their holders, ends them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None, dataset: str) -> Sequence[GrantView]:
        """All grants for a dataset, the newest first, for those who edit it.

        Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        with self._context.read() as session:
            require_insider(actor, find_dataset(session, dataset).publisher_id, dataset)
            query = select(Grant).where(Grant.dataset_id == dataset).order_by(Grant.created.desc(), Grant.id)
            return [self._view(row) for row in session.scalars(query)]

    def list_own(self, actor: Actor | None) -> Sequence[tuple[DatasetView, GrantView]]:
        """The grants that the actor has now, each with its dataset. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        query = select(Grant).where(where_granted(self._context, found)).order_by(Grant.dataset_id, Grant.id)
        with self._context.read() as session:
            rows = [row for row in session.scalars(query) if not has_ended(self._context, row)]
            return [(view_dataset(row.dataset), self._view(row)) for row in rows]

    def give(self, actor: Actor | None, dataset: str, said: Mapping[str, Any]) -> tuple[GrantView, str | None]:
        """Give a grant; return it and, where its holder has no account yet, the text of their invitation, once.

        `said` has `holder`, `purpose`, `until` (ISO date), and if wanted `agreement` and `account` or `publisher`; with
        neither of these, the holder is invited. Raises `InvalidMetadataError`, `NotFoundError`, `NotPermittedError`,
        and `StateError` where everybody or nobody may have the data.
        """
        with self._context.write() as session:
            return self.give_within(session, actor, dataset, said)

    def give_within(
        self, session: Session, actor: Actor | None, dataset: str, said: Mapping[str, Any]
    ) -> tuple[GrantView, str | None]:
        """Do the same within a unit of work that writes."""
        row = find_dataset(session, dataset, lock=True)
        found = require_editor(actor, row.publisher_id, row.id)
        _require_conditional(row)
        until = self._check(said)
        account, publisher = (str(said.get(name) or "").strip() for name in ("account", "publisher"))
        now = self._context.now()
        grant = Grant(
            id=secrets.token_hex(12),
            dataset_id=dataset,
            holder=said["holder"].strip(),
            user_id=_find_account(session, account).id if account else None,
            publisher_id=_find_publisher(session, publisher) if publisher else None,
            purpose=said["purpose"].strip(),
            agreement=str(said.get("agreement") or "").strip(),
            expires=self._end_of(until),
            created=now,
            created_by=found.name,
        )
        text = None
        if not account and not publisher:
            text = INVITATION_PREFIX + secrets.token_urlsafe(32)
            grant.invitation, grant.invited_until = _digest(text), now + timedelta(days=_INVITATION_DAYS)
        session.add(grant)
        self._context.log(session, found, "grant", "dataset", dataset, grant=grant.id, until=until.isoformat())
        session.flush()
        session.refresh(grant)
        return self._view(grant), text

    def end(self, actor: Actor | None, dataset: str, grant: str, reason: str) -> GrantView:
        """End a grant at once: first the store says so, for good, then the database.

        Raises `InvalidMetadataError` without a reason or for one that is too long, `NotFoundError`,
        `NotPermittedError`, `StateError`.
        """
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            found = require_editor(actor, owner.publisher_id, owner.id)
            row = session.get(Grant, grant)
            if row is None or row.dataset_id != dataset:
                raise NotFoundError(N_("There is no grant “%(id)s” for this dataset"), id=grant[:100])
            reason = read_reason("/reason", reason, missing=N_("Say why the grant ends"))
            if row.ended is not None:
                raise StateError(N_("This grant has already ended"))
            now = self._context.now()
            record: GrantEnd = {"dataset": dataset, "grant": grant, "created": format_time(now)}
            key = grant_end_key(dataset, grant)
            if not self._context.public.has_record(key):
                keep_record(self._context, key, write_canonical(record))
            row.ended, row.ended_by, row.reason, row.invitation = now, found.name, reason, None
            self._context.log(session, found, "end-grant", "dataset", dataset, grant=grant)
            return self._view(row)

    def get_invitation(self, text: str) -> tuple[DatasetView, GrantView]:
        """The grant that an invitation is for, and its dataset. Raises `NotFoundError` if it isn't valid any more."""
        with self._context.read() as session:
            row = self._find_invitation(session, text)
            return view_dataset(row.dataset), self._view(row)

    def accept(self, text: str, name: str, password: str) -> GrantView:
        """Accept an invitation with a new account, whose role is reader.

        Raises `NotFoundError`, `InvalidMetadataError`, `OverloadedError`, and `StateError` if the name is in use.
        """
        self.get_invitation(text)
        kept = check_account(self._context, name.strip(), password)
        with self._context.write() as session:
            row = self._find_invitation(session, text)
            user = add_account(self._context, session, name.strip(), kept)
            return self._take(session, row, user)

    def accept_as(self, actor: Actor | None, text: str) -> GrantView:
        """Accept an invitation with the account one is signed in to. Raises `NotSignedInError`, `NotFoundError`."""
        found = require_signed_in(actor)
        with self._context.write() as session:
            return self._take(session, self._find_invitation(session, text), session.get_one(User, found.id))

    def _take(self, session: Session, row: Grant, user: User) -> GrantView:
        row.user_id, row.invitation = user.id, None
        self._context.log(session, Actor(user.name, user.role), "accept-grant", "dataset", row.dataset_id, grant=row.id)
        session.flush()
        session.refresh(row)
        return self._view(row)

    def _find_invitation(self, session: Session, text: str) -> Grant:
        row = session.scalar(select(Grant).where(Grant.invitation == _digest(text)).with_for_update(of=Grant))
        now = self._context.clock()
        if row is None or row.invited_until is None or row.invited_until <= now or row.expires <= now:
            raise NotFoundError(
                N_(
                    "This invitation has been used or isn't valid any more. Ask the department that sent it for a"
                    " new one"
                )
            )
        return row

    def _check(self, said: Mapping[str, Any]) -> date:
        """The last day of a grant. Raises `InvalidMetadataError` with a fault per value that is wrong."""
        faults: list[Fault] = list(find_value_faults(dict(said)))
        needed = {
            "holder": N_("Name the person or organisation"),
            "purpose": N_("Say what the data will be used for"),
        }
        for name, text in needed.items():
            if not isinstance(said.get(name), str) or not said[name].strip():
                faults.append(fault(f"/{name}", text))
        for name in ("holder", "purpose", "agreement"):
            if isinstance(said.get(name), str) and len(said[name]) > MAX_REASON:
                faults.append(fault(f"/{name}", TOO_LONG, limit=MAX_REASON))
        if said.get("account") and said.get("publisher"):
            faults.append(fault("/account", N_("Name an account or a publisher, not both")))
        until = read_day(said.get("until"))
        today = self._context.clock().astimezone(self._zone).date()
        if until is None:
            faults.append(fault("/until", N_("Enter a date, such as 2026-12-31")))
        elif not today <= until <= _add_years(today, _MOST_YEARS):
            faults.append(
                fault(
                    "/until", N_("The last day must be today or later, and within %(years)s years"), years=_MOST_YEARS
                )
            )
        if faults or until is None:
            raise InvalidMetadataError(faults=faults)
        return until

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._context.settings.timezone)

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), self._zone)

    def _view(self, row: Grant) -> GrantView:
        now = self._context.clock()
        state = GrantState.ACTIVE
        if has_ended(self._context, row):
            state = GrantState.ENDED
        elif row.expires <= now:
            state = GrantState.EXPIRED
        elif row.user_id is None and row.publisher_id is None:
            state = GrantState.INVITED if row.invited_until and row.invited_until > now else GrantState.EXPIRED
        return GrantView(
            id=row.id,
            dataset=row.dataset_id,
            holder=row.holder,
            account=row.user.name if row.user else None,
            publisher=row.publisher_id,
            purpose=row.purpose,
            agreement=row.agreement,
            until=(row.expires.astimezone(self._zone) - timedelta(seconds=1)).date(),
            created=row.created,
            created_by=row.created_by,
            ended=row.ended,
            ended_by=row.ended_by,
            reason=row.reason,
            state=state,
        )


def _require_conditional(row: Dataset) -> None:
    disclosure = disclosure_of(row)
    if disclosure.is_open:
        raise StateError(N_("Everybody may have the data of “%(dataset)s”, so it needs no grants"), dataset=row.id)
    if disclosure.is_closed:
        raise StateError(
            N_("The dataset “%(dataset)s” isn't disclosed, so nobody can be granted its data"), dataset=row.id
        )


def _find_account(session: Session, name: str) -> User:
    row = session.scalar(select(User).where(User.name == name))
    if row is None or row.disabled:
        text = N_("There is no account “%(name)s”. Leave the account empty to invite a new reader")
        raise InvalidMetadataError(faults=[fault("/account", text, name=name[:100])])
    return row


def _find_publisher(session: Session, publisher: str) -> str:
    try:
        return find_living(session, publisher).id
    except NotFoundError:
        text = N_("There is no publisher “%(id)s”")
        raise InvalidMetadataError(faults=[fault("/publisher", text, id=publisher[:100])]) from None


def _add_years(day: date, years: int) -> date:
    """The same day of a later year; the day before for 29 February where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
