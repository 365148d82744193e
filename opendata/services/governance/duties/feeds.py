"""The private feed of what is due for an account: its address is secret, and can be renewed.

The secret text is computed from a random text in the database and the secret of the instance, so neither alone opens
the feed, and no restored backup revives an address that was renewed (`services/operations/doors`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select

from opendata.db.models import DutyFeed, Obligation, User
from opendata.errors import N_, NotFoundError
from opendata.services.core.access import where_acting_for
from opendata.services.core.actors import Actor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret
from opendata.services.governance.duties.members import find_actor
from opendata.services.governance.duties.reading import ObligationView, view_rows

FEED_PREFIX = "odf_"
"""What every such address has in it, so that a leaked one is recognised."""

_AHEAD = timedelta(days=60)
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """What a feed has: whose it is, its language, and the duties that are overdue or due soon."""

    name: str
    language: str | None
    items: Sequence[ObligationView]


class DutyFeeds:
    """Gives, renews and reads feeds."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, actor: Actor | None) -> str | None:
        """The secret text of the actor's feed; None before it is made. Raises `NotSignedInError`."""
        found = require_publisher(actor)
        with self._context.read() as session:
            row = session.get(DutyFeed, found.id) if found.id is not None else None
            return self._write(row) if row is not None else None

    def renew(self, actor: Actor | None) -> str:
        """Make a feed, or give it another address: the one before stops working. Returns its secret text."""
        found = require_publisher(actor)
        with self._context.write() as session:
            row = session.get(DutyFeed, found.id) or DutyFeed(user_id=found.id)
            row.nonce = secrets.token_hex(16)
            session.add(row)
            self._context.log(session, found, "renew-feed", "account", found.name)
            return self._write(row)

    def read(self, text: str) -> FeedView:
        """The feed of a secret text. Raises `NotFoundError`."""
        number, _, _ = text.removeprefix(FEED_PREFIX).partition("_")
        with self._context.read() as session:
            known = number.isascii() and number.isdigit() and len(number) < 10
            row = session.get(DutyFeed, int(number)) if known else None
            user = session.get(User, row.user_id) if row is not None else None
            is_right = row is not None and hmac.compare_digest(
                self._write(row).encode(), text.encode("utf-8", "replace")
            )
            owner = find_actor(session, user) if user is not None and is_right else None
            if user is None or owner is None:
                raise NotFoundError(N_("There is no feed at this address. Its owner may have renewed it"))
            today = self._context.today()
            query = select(Obligation).where(
                or_(where_acting_for(owner, Obligation.publisher_id), Obligation.owner_id == user.id),
                Obligation.done_on.is_(None),
                Obligation.waived_on.is_(None),
                Obligation.due <= today + _AHEAD,
            )
            rows = session.scalars(query.order_by(Obligation.due, Obligation.id).limit(_MOST)).all()
            return FeedView(name=user.name, language=user.mail_language, items=view_rows(session, rows, today))

    def _write(self, row: DutyFeed) -> str:
        key = read_secret(self._context.settings).encode()
        made = hmac.new(key, f"duties\n{row.user_id}\n{row.nonce}".encode(), hashlib.sha256).digest()
        return f"{FEED_PREFIX}{row.user_id}_{base64.urlsafe_b64encode(made).decode('ascii').rstrip('=')}"
