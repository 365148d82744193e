"""Who runs the site: what header and footer show, read from the database at most every few seconds in a process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.site.kinds import PageKind
from opendata.domain.site.links import DEFAULT_OWN_SITES
from opendata.errors import BackendError
from opendata.services.governance.site.pages import IDENTITY_ID, Pages

logger = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
"""So long another process may show what was changed in this one; the page that changes it shows it at once."""


class Identity:
    """The name of the site, its logo, who is responsible, and its marks."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._known: Mapping[str, Any] = {}
        self._read: float | None = None
        self._changes = 0

    def read(self) -> Mapping[str, Any]:
        """The fields of the site; while the database is away, those that were read last."""
        now, changes = time.monotonic(), self._pages.identity_changes
        with self._lock:
            if self._read is not None and now - self._read < FRESH_SECONDS and self._changes == changes:
                return self._known
            self._read, self._changes = now, changes
        try:
            page = self._pages.find(PageKind.IDENTITY, IDENTITY_ID)
        except BackendError as error:  # pages that need nothing else of it are shown all the same
            logger.warning("the identity of the site can't be read: %s", error)
            return self._known
        self._known = page.data if page is not None else {}
        return self._known

    def expire(self) -> None:
        """Read it again at the next page: something was changed, perhaps by another process."""
        with self._lock:
            self._read = None

    def list_own_sites(self) -> Sequence[str]:
        """The domains whose pages are the operator's own, or of government: no notice is shown before them."""
        found: Sequence[str] = self.read().get("ownSites") or DEFAULT_OWN_SITES
        return found
