"""A sign-in whose password was right and whose code is still missing: signed, good for ten minutes, kept nowhere."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Passkey, SecondFactor, User
from opendata.errors import N_, NotSignedInError
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret

_SECONDS = 600
_SALT = "second factor"


class CodeNeededError(Exception):
    """The password is right, and the account has a second factor. `pending` stands for this sign-in.

    No answer shows it: the page of signing in asks for the code.
    """

    def __init__(self, pending: str) -> None:
        super().__init__("a code is needed")
        self.pending = pending


def require_no_factor(context: Context, session: Session, row: User) -> None:
    """Raises `CodeNeededError` where a password isn't enough; `NotSignedInError` where only a passkey is."""
    if has_app(session, row.id):
        from itsdangerous import URLSafeTimedSerializer

        signer = URLSafeTimedSerializer(read_secret(context.settings), salt=_SALT)
        raise CodeNeededError(str(signer.dumps([row.id, row.session])))

    if has_factor(session, row.id):
        raise NotSignedInError(N_("This account has a passkey. Sign in with that"))


def has_app(session: Session, user: int) -> bool:
    """Whether an account has an app that makes codes."""
    found = session.get(SecondFactor, user)
    return found is not None and found.confirmed is not None


def has_factor(session: Session, user: int) -> bool:
    """Whether more than a password is needed to sign in to an account: a code, or a passkey."""
    passkey = select(Passkey.id).where(Passkey.user_id == user).limit(1)
    return has_app(session, user) or session.scalar(passkey) is not None


def find_pending(context: Context, session: Session, pending: str) -> User:
    """The account of a sign-in that waits for its code. Raises `NotSignedInError` where it took too long."""
    from itsdangerous import BadData, URLSafeTimedSerializer

    late = NotSignedInError(N_("This took too long. Enter your name and your password again"))
    try:
        user, stamp = URLSafeTimedSerializer(read_secret(context.settings), salt=_SALT).loads(pending, max_age=_SECONDS)
    except (BadData, ValueError, TypeError):
        raise late from None
    row = session.get(User, user, with_for_update=True)
    if row is None or row.disabled or row.session != stamp:
        raise late
    return row
