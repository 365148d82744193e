"""Damaged files: found when they are served or checked, reported to the operators, and never served."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, select

from opendata.db.models import Damage
from opendata.db.session import SHARED
from opendata.domain.parts import StoredFile
from opendata.errors import N_, DamagedError, NotFoundError
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.storage.store import BlobState, Store

logger = logging.getLogger(__name__)

ALTERED = "altered"
MISSING = "missing"

_TOLERANCE_SECONDS = 2.0
"""At most this many seconds after publication, a later change counts as rounding by clocks; `fsck` still finds it."""

_LOOKED_AT = 64
"""Of a file in more parts, the stores aren't asked for each before it is served."""


_KNOWN = select(Damage.__table__.c.sha256).where(Damage.__table__.c.sha256 == bindparam("sha256"))


class Damages:
    """Knows which published blobs are damaged, whichever store has them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._proven: set[tuple[str, int, float]] = set()

    def require_whole(self, store: Store, sha256: str, size: int, written: float) -> None:
        """Pass where a blob of a store is fit to be served; `written` is when the record that names it was (seconds).

        A blob is in the store before its record. One that was written to later is hashed before it is served, once.
        Raises `DamagedError`, and tells the operators the first time.
        """
        with self._context.read() as session:
            shared = session.info.get(SHARED, {})
            known = shared.get(("damage", sha256))
            if known is None:
                known = shared["damage", sha256] = session.execute(_KNOWN, {"sha256": sha256}).first() is not None
        if known:
            raise _refuse(sha256)
        try:
            found = store.find_state(sha256)
        except NotFoundError:
            self.note(sha256, MISSING)
            raise _refuse(sha256) from None
        if found.size != size or not self._is_proven(store, sha256, found, written):
            self.note(sha256, ALTERED)
            raise _refuse(sha256)

    def require_all(self, find: Callable[[str], Store], pieces: Sequence[StoredFile], written: float) -> None:
        """`require_whole` for each piece of a file; of one in very many, only for those known to be damaged."""
        if len(pieces) <= _LOOKED_AT:
            for item in pieces:
                self.require_whole(find(item.sha256), item.sha256, item.bytes, written)
            return
        with self._context.read() as session:
            damaged = set(session.scalars(select(Damage.sha256)))
        for item in pieces:
            if item.sha256 in damaged:
                raise _refuse(item.sha256)

    def note(self, sha256: str, kind: str) -> None:
        """Enter a damaged blob and raise the alarm, once."""
        with self._context.write() as session:
            if session.get(Damage, sha256) is None:
                session.add(Damage(sha256=sha256, kind=kind, found=self._context.clock()))
                self._context.log(session, SYSTEM, "alarm", "blob", sha256, damage=kind)
                logger.error("the published blob %s is %s; it is not served", sha256, kind)

    def clear(self, sha256: str) -> None:
        """A blob that was damaged is whole again."""
        with self._context.write() as session:
            row = session.get(Damage, sha256)
            if row is not None:
                session.delete(row)
                self._context.log(session, SYSTEM, "healed", "blob", sha256)

    def _is_proven(self, store: Store, sha256: str, found: BlobState, written: float) -> bool:
        if found.written <= written + _TOLERANCE_SECONDS:
            return True
        proven = (sha256, found.size, found.written)
        if proven not in self._proven:
            with store.open_blob(sha256) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
                    return False
            self._proven.add(proven)
        return True


def _refuse(sha256: str) -> DamagedError:
    return DamagedError(N_("The file with the digest %(sha256)s is damaged. It will be restored"), sha256=sha256)
