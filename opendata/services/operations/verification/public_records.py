"""The signed records of the public store that no page gives as they are, such as those of the negative list.

Anybody may list and read them, to check their signatures from outside (`verifying`). Those of datasets, publishers and
schemas aren't listed: the portal gives them in forms of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opendata.errors import N_, NotFoundError
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page

_LEAST = 500
"""So many paths a page has at least, unless it is the last one: a folder is listed as a whole."""

_ID = r"[a-z0-9][a-z0-9_-]{0,99}"
_KINDS = {
    "annual-reports": rf"[0-9]{{4}}/({_ID}/)?[0-9]{{1,9}}",
    "basic-links": rf"{_ID}/[0-9]{{1,9}}",
    "basics": r"[0-9]{1,9}",
    "calendar": r"[0-9]{4}/[0-9]{1,9}",
    "negative-list": r"[0-9]{1,9}",
    "operation-reports": rf"[0-9]{{4}}/({_ID}/)?[0-9]{{1,9}}",
    "plans": r"[0-9a-f]{2}/[0-9a-f-]{36}/[0-9]{1,9}",
    "self-checks": r"[0-9]{4}/[0-9]{1,9}",
    "site-files": r"[0-9a-f]{64}",
    "site-orders": rf"{_ID}/[0-9]{{1,9}}",
    "site-pages": rf"{_ID}/{_ID}/[0-9]{{1,9}}",
}
"""The folders → how the rest of a key looks."""

_FOLDERS = (*(kind for kind in _KINDS if kind != "plans"), *(f"plans/{shard:02x}" for shard in range(256)))
_RECORD = re.compile(rf"({'|'.join(f'{kind}/{rest}' for kind, rest in _KINDS.items())})\.json(\.sig)?")


class PublicRecords:
    """Lists and reads them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, cursor: str | None = None) -> Page[str]:
        """The paths of records, folder by folder. Raises `InputError` for a cursor that isn't ours."""
        key = read_cursor(cursor)
        if key is not None and key not in _FOLDERS:
            raise refuse_cursor()
        left = _FOLDERS[_FOLDERS.index(key) :] if key is not None else _FOLDERS
        found: list[str] = []
        for folder in left:
            if len(found) >= _LEAST:
                return Page(found, write_cursor(folder))
            found += self._list(folder)
        return Page(found, None)

    def read(self, path: str) -> bytes:
        """A record, or the signature of one (`.sig`). Raises `NotFoundError` for anything else."""
        if not _RECORD.fullmatch(path):
            raise NotFoundError(N_("There is nothing at this address"))
        return self._context.public.get_record(path)

    def _list(self, folder: str) -> Sequence[str]:
        paths = self._context.public.list_records(folder)
        return [path for path in paths if _RECORD.fullmatch(path) and path.endswith(".json")]
