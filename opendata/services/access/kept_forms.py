"""Forms sent after a session had ended: kept for a day, for the same person alone, until they have signed in again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendata.services.core.context import Context

FORMS_FOLDER = "forms"
"""Where in the private store's folder kept forms lie."""

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
    """Keeps forms in files of the private store's folder.

    An owner is a user or a browser: one of these words, a space, and what tells one from another.
    """

    def __init__(self, context: Context) -> None:
        self._root = context.settings.private_folder / FORMS_FOLDER

    def keep(self, owner: str, form: KeptForm) -> str | None:
        """Keep a form for its owner, without secrets; the token that finds it, or None where it is too large."""
        fields = [item for item in form.fields if not any(word in item[0].lower() for word in _SECRETS)]
        document = {"path": form.path, "fields": fields, "files": list(form.files)}
        data = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        self.tidy()
        kind = owner.partition(" ")[0]
        if len(data) > MOST_BYTES or sum(map(_size, self._list(kind))) + len(data) > MOST_IN_ALL[kind]:
            return None
        token = secrets.token_urlsafe(24)
        own = sorted(self._list(_name(owner)), key=_age, reverse=True)
        for path in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
            path.unlink(missing_ok=True)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._find_place(owner, token)
        descriptor = os.open(place.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(place.with_suffix(".new"), place)
        return token

    def find(self, owner: str, token: str) -> KeptForm | None:
        """The form of a token, if it is this owner's and not too old."""
        place = self._find_place(owner, token)
        try:
            if _age(place) > KEPT_SECONDS:
                return None
            found = json.loads(place.read_bytes())
        except FileNotFoundError:
            return None
        fields = tuple((name, value) for name, value in found["fields"])
        return KeptForm(path=found["path"], fields=fields, files=tuple(found["files"]))

    def forget(self, owner: str, token: str) -> None:
        """Delete a form that was sent again."""
        self._find_place(owner, token).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Delete what is too old."""
        for path in self._list():
            with contextlib.suppress(FileNotFoundError):
                if _age(path) > KEPT_SECONDS:
                    path.unlink()

    def _find_place(self, owner: str, token: str) -> Path:
        return self._root / f"{_name(owner)}-{_digest(token[:_LONGEST_TOKEN])}.json"

    def _list(self, prefix: str = "") -> Iterator[Path]:
        return self._root.glob(f"{prefix}*") if self._root.is_dir() else iter(())


def _name(owner: str) -> str:
    return f"{owner.partition(' ')[0]}-{_digest(owner)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _age(path: Path) -> float:
    """Seconds since a form was kept. Raises `FileNotFoundError`."""
    return time.time() - path.stat().st_mtime


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
