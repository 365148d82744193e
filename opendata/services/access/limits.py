"""Keeps guessers out without locking anybody out: counters of wrong sign-ins that all processes share.

    device known to the account → its own counter
    address known to the account → a counter of this account at this address
    neither → the counter of the account and the counter of the address, which are stricter while many sign-ins of
              this kind fail in the whole instance

So a person who signs in from where they have signed in before never waits because of others. From elsewhere they wait a
minute at most while their account is attacked. An attempt is counted before the password is checked, and taken back if
it is right: attempts at the same time can't slip through together.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Failures, KnownPlace, User
from opendata.domain.access.addresses import name_source
from opendata.domain.access.origin import Origin
from opendata.domain.access.waiting import FORGOTTEN_AFTER, Gate, count_failures, find_wait
from opendata.errors import N_, TooManyAttemptsError
from opendata.services.access.sessions import digest_text
from opendata.services.core.actors import Actor, make_stranger
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret
from opendata.settings import Settings

DEVICE_DAYS = 365
"""How long a browser is known after a sign-in."""

PRESSURE = 300
"""So many wrong sign-ins from unknown places within an hour are an attack on the whole instance."""

_REFUSED, _REFUSED_REQUEST = "sign-in-refused", "request-refused"
"""What the audit log calls attempts that are refused."""

_KEPT_PLACES = 50
"""Of an account, the newest."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is counted: its gates, when that was, and when the one before it was."""

    gates: Sequence[Gate]
    now: datetime
    before: Mapping[str, datetime]


class Limits:
    """Counts attempts and refuses those that come too soon."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def count_sign_in(self, name: str, user: User | None, origin: Origin) -> Attempt:
        """Count an attempt to sign in as wrong, until `take_back`. Raises `TooManyAttemptsError`."""
        with self._context.read() as session:
            gates = self._choose_gates(session, name, user, origin)
        return self._count(gates, make_stranger(origin.address), user.name if user else "")

    def count_invitation(self, address: str) -> Attempt:
        """Count an attempt to accept an invitation. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("invitation", name_source(address), 20, 300)], make_stranger(address), "")

    def count_change(self, actor: Actor) -> Attempt:
        """Count an attempt to change one's own password. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("change", actor.name, 5, 60)], actor, actor.name)

    def count_recovery(self, address: str) -> Attempt:
        """Count a request for a link to set a new password. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("recovery", name_source(address), 5, 900)], make_stranger(address), "")

    def count_submission(self, address: str) -> Attempt:
        """Count a proposal that somebody without an account sends. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("submission", name_source(address), 5, 3600)], make_stranger(address), "")

    def count_invite(self, actor: Actor) -> Attempt:
        """Count an invitation that somebody sends. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("invite", actor.name, 100, 900)], actor, actor.name)

    def count_address(self, actor: Actor) -> Attempt:
        """Count an address that an account wants to use. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("mail-address", actor.name, 5, 900)], actor, actor.name)

    def count_request(self, address: str) -> Attempt:
        """Count a request that a reader sends to a publisher. Raises `TooManyAttemptsError`."""
        return self._count(
            [self._gate("request", name_source(address), 10, 900)], make_stranger(""), "", _REFUSED_REQUEST
        )

    def count_subscription(self, address: str) -> Attempt:
        """Count a subscription to mail that a reader asks for. Raises `TooManyAttemptsError`."""
        gates = [self._gate("subscription", name_source(address), 10, 900)]
        return self._count(gates, make_stranger(""), "", _REFUSED_REQUEST)

    def count_code(self, number: str, address: str) -> Attempt:
        """Count an attempt to open a request with its code as wrong, until `take_back`. Raises as above."""
        gates = [self._gate("code", number, 5, 60), self._gate("code-address", name_source(address), 10, 900)]
        return self._count(gates, make_stranger(""), "", _REFUSED_REQUEST)

    def count_factor(self, name: str, address: str) -> Attempt:
        """Count a code of the second factor of an account. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("factor", name, 5, 300)], make_stranger(address), name)

    def count_passkey(self, address: str) -> Attempt:
        """Count a sign-in with a passkey. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("passkey", name_source(address), 20, 300)], make_stranger(address), "")

    def count_openid(self, address: str) -> Attempt:
        """Count a sign-in through another system. Raises `TooManyAttemptsError`."""
        return self._count([self._gate("openid", name_source(address), 20, 300)], make_stranger(address), "")

    def take_back(self, attempt: Attempt) -> None:
        """An attempt that succeeded doesn't count."""
        with self._context.write() as session:
            for gate in sorted(attempt.gates, key=lambda item: item.key):  # in the order in which all lock
                row = session.get(Failures, gate.key, with_for_update=True)
                if row is not None:
                    row.count = max(0, row.count - 1)
                    row.last = attempt.before[gate.key] if row.last == attempt.now else row.last

    def remember(self, actor: Actor, origin: Origin) -> str:
        """Remember from where somebody has signed in; the text for the cookie that marks the browser.

        A text that no browser got from us is replaced.
        """
        now = self._context.clock()
        with self._context.write() as session:
            known = select(KnownPlace.id).where(KnownPlace.digest == digest_text(origin.device)).limit(1)
            is_ours = bool(origin.device) and session.scalar(known) is not None
            device = origin.device if is_ours else secrets.token_urlsafe(32)
            for digest in (digest_text(device), self._name_place(origin.address)):
                row = session.scalar(
                    select(KnownPlace).where(KnownPlace.user_id == actor.id, KnownPlace.digest == digest)
                )
                if row is None:
                    session.add(KnownPlace(user_id=actor.id or 0, digest=digest, seen=now))
                else:
                    row.seen = now
            session.flush()
            newest = select(KnownPlace.id).where(KnownPlace.user_id == actor.id)
            kept = session.scalars(newest.order_by(KnownPlace.seen.desc(), KnownPlace.id.desc()).limit(_KEPT_PLACES))
            session.execute(delete(KnownPlace).where(KnownPlace.user_id == actor.id, KnownPlace.id.not_in(list(kept))))
        return device

    def tidy(self) -> None:
        """Forget what doesn't count any longer."""
        now = self._context.clock()
        with self._context.write() as session:
            session.execute(delete(Failures).where(Failures.last < now - FORGOTTEN_AFTER))
            session.execute(delete(KnownPlace).where(KnownPlace.seen < now - timedelta(days=DEVICE_DAYS)))

    def _choose_gates(self, session: Session, name: str, user: User | None, origin: Origin) -> Sequence[Gate]:
        source = name_source(origin.address)
        device, place = digest_text(origin.device), self._name_place(origin.address)
        query = select(KnownPlace.digest).where(
            KnownPlace.user_id == (user.id if user else 0), KnownPlace.digest.in_((device, place))
        )
        known = set(session.scalars(query))
        if origin.device and device in known:
            return [self._gate("device", f"{name}\n{device}", 10, 60)]
        if source and place in known:
            return [self._gate("place", f"{name}\n{source}", 5, 120)]
        overall = self._gate("overall", f"{self._context.clock():%Y%m%d%H}", 1_000_000_000, 1)
        row = session.get(Failures, overall.key)
        is_pressed = row is not None and row.count >= PRESSURE
        return [
            self._gate("account", name, 1 if is_pressed else 5, 60),
            self._gate("address", source, 3 if is_pressed else 20, 900),
            overall,
        ]

    def _count(self, gates: Sequence[Gate], who: Actor, subject: str, verb: str = _REFUSED) -> Attempt:
        now = self._context.clock()
        keys = [gate.key for gate in gates]
        with self._context.read() as session:
            rows = {row.key: row for row in session.scalars(select(Failures).where(Failures.key.in_(keys)))}
        self._refuse(gates, rows, now, who, subject, verb)
        before: dict[str, datetime] = {}
        with self._context.write() as session:
            for key in sorted(keys):
                ensure_counter(session, key, now)
            query = select(Failures).where(Failures.key.in_(keys)).order_by(Failures.key).with_for_update()
            rows = {row.key: row for row in session.scalars(query)}
            wait = max(find_wait(gate, rows[gate.key].count, rows[gate.key].last, now) for gate in gates)
            if not wait:
                for row in rows.values():
                    before[row.key] = row.last
                    row.count, row.last = count_failures(row.count, row.last, now) + 1, now
        if wait:  # another attempt was counted at this moment
            raise _make_error(wait)
        return Attempt(gates, now, before)

    def _refuse(
        self, gates: Sequence[Gate], rows: Mapping[str, Failures], now: datetime, who: Actor, subject: str, verb: str
    ) -> None:
        """Refuse an attempt that comes too soon; the audit log hears of it once an hour for each gate."""
        waits = {
            gate.key: wait
            for gate in gates
            if (row := rows.get(gate.key)) is not None and (wait := find_wait(gate, row.count, row.last, now))
        }
        if not waits:
            return
        fresh = [key for key in waits if (noted := rows[key].noted) is None or now - noted >= FORGOTTEN_AFTER]
        if fresh:
            with self._context.write() as session:
                session.execute(update(Failures).where(Failures.key.in_(fresh)).values(noted=now))
                self._context.log(session, who, verb, "user", subject)
        raise _make_error(max(waits.values()))

    def _gate(self, kind: str, name: str, free: int, longest: int) -> Gate:
        return Gate(digest_name(self._context.settings, f"{kind}\n{name}"), free, longest)

    def _name_place(self, address: str) -> str:
        return digest_name(self._context.settings, f"known\n{name_source(address)}")


def knows_browser(session: Session, user: User, origin: Origin) -> bool:
    """Whether an account was signed in to from this browser before."""
    where = (KnownPlace.user_id == user.id, KnownPlace.digest == digest_text(origin.device))
    return bool(origin.device) and session.scalar(select(KnownPlace.id).where(*where)) is not None


def digest_name(settings: Settings, text: str) -> str:
    """A digest that tells nobody an address or a name who doesn't have the instance's secret."""
    return hmac.new(read_secret(settings).encode(), text.encode(errors="replace"), hashlib.sha256).hexdigest()


def ensure_counter(session: Session, key: str, now: datetime) -> None:
    """Have a counter in the database, at 0 if it is new."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    session.execute(insert(Failures).values(key=key, count=0, last=now, noted=None).on_conflict_do_nothing())


def _make_error(seconds: int) -> TooManyAttemptsError:
    return TooManyAttemptsError(
        N_("There were too many attempts. Try again in %(count)s seconds"), seconds=seconds, count=seconds
    )
