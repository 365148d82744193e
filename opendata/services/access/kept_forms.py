"""Forms sent after a session had ended: kept for a day, for the same person alone, until they have signed in again.

They are rows of the database, so whichever machine is asked next has them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import KeptFormRow
from opendata.services.core.context import Context

FORMS_FOLDER = "forms"
"""Where in the private store's folder earlier releases kept forms."""

KEPT_SECONDS = 24 * 3600
MOST_BYTES = 512 * 1024
"""Bytes of one form, as it is kept."""

MOST_OF_ONE = 20
"""Forms of one owner; the oldest is given up for a newer one."""

MOST_IN_ALL = {"user": 48 * 1024 * 1024, "browser": 16 * 1024 * 1024}
"""Bytes of all forms of a kind of owners; beyond it none is kept until others have expired.

So people whom nobody knows can't keep those with an account from anything.
"""

_SECRETS = ("csrf", "key", "password", "secret", "token")
_LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptForm:
    """A form: the path it was sent to, its fields in their order, and the names of files it came with."""

    path: str
    fields: Sequence[tuple[str, str]]
    files: Sequence[str] = ()


class KeptForms:
    """Keeps forms.

    An owner is a user or a browser: one of these words, a space, and what tells one from another.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._former = context.settings.private_folder / FORMS_FOLDER

    def keep(self, owner: str, form: KeptForm) -> str | None:
        """Keep a form for its owner, without secrets; the token that finds it, or None where it is too large."""
        fields = [item for item in form.fields if not any(word in item[0].lower() for word in _SECRETS)]
        document = {"path": form.path, "fields": fields, "files": list(form.files)}
        data = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        if len(data) > MOST_BYTES:
            return None
        kind, own, token = owner.partition(" ")[0], _name(owner), secrets.token_urlsafe(24)
        with self._context.write() as session:
            self._drop_old(session)
            of_kind = KeptFormRow.owner.startswith(f"{kind}-", autoescape=True)
            taken = session.scalar(select(func.coalesce(func.sum(KeptFormRow.size), 0)).where(of_kind)) or 0
            if taken + len(data) > MOST_IN_ALL[kind]:
                return None
            newest = select(KeptFormRow.token).where(KeptFormRow.owner == own).order_by(KeptFormRow.kept.desc())
            late = list(session.scalars(newest.offset(MOST_OF_ONE - 1)))
            session.execute(delete(KeptFormRow).where(KeptFormRow.token.in_(late)))
            row = KeptFormRow(token=_digest(token), owner=own, size=len(data), data=data)
            row.kept = self._context.clock()
            session.add(row)
        return token

    def find(self, owner: str, token: str) -> KeptForm | None:
        """The form of a token, if it is this owner's and not too old."""
        with self._context.read() as session:
            row = session.get(KeptFormRow, _digest(token[:_LONGEST_TOKEN]))
            if row is None or row.owner != _name(owner) or row.kept < self._find_end():
                return None
            found = json.loads(row.data)
        fields = tuple((name, value) for name, value in found["fields"])
        return KeptForm(path=found["path"], fields=fields, files=tuple(found["files"]))

    def forget(self, owner: str, token: str) -> None:
        """Delete a form that was sent again."""
        own, wanted = _name(owner), _digest(token[:_LONGEST_TOKEN])
        with self._context.write() as session:
            session.execute(delete(KeptFormRow).where(KeptFormRow.token == wanted, KeptFormRow.owner == own))

    def tidy(self) -> None:
        """Delete what is too old, and what earlier releases kept in files."""
        with self._context.write() as session:
            self._drop_old(session)
        for path in self._former.glob("*") if self._former.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()

    def _drop_old(self, session: Session) -> None:
        session.execute(delete(KeptFormRow).where(KeptFormRow.kept < self._find_end()))

    def _find_end(self) -> datetime:
        return self._context.clock() - timedelta(seconds=KEPT_SECONDS)


def _name(owner: str) -> str:
    return f"{owner.partition(' ')[0]}-{_digest(owner)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
