"""The manifests of published versions, as the store has them."""

from __future__ import annotations

import json
import logging
from functools import lru_cache

from opendata.domain.manifest import Manifest
from opendata.errors import N_, DamagedError
from opendata.storage.store import Store, manifest_key

logger = logging.getLogger(__name__)


class Manifests:
    """Manifests by dataset and version, parsed once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parsed = lru_cache(maxsize=256)(self._parse)
        self._written = lru_cache(maxsize=1024)(self._find_written)

    def get(self, dataset: str, version: str) -> Manifest:
        """The manifest. Raises `NotFoundError`, and `DamagedError` for bytes that make none."""
        return self._parsed(dataset, version)

    def read(self, dataset: str, version: str) -> bytes:
        """The manifest's bytes."""
        return self._store.get_record(manifest_key(dataset, version))

    def read_signature(self, dataset: str, version: str) -> bytes:
        """The detached signature over the manifest's bytes."""
        return self._store.get_record(manifest_key(dataset, version) + ".sig")

    def find_written(self, dataset: str, version: str) -> float:
        """When the manifest was written, in seconds since 1970: after all the files it names."""
        return self._written(dataset, version)

    def _find_written(self, dataset: str, version: str) -> float:
        return self._store.find_written(manifest_key(dataset, version))

    def _parse(self, dataset: str, version: str) -> Manifest:
        data = self.read(dataset, version)
        try:
            return Manifest.from_json(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.error("the manifest of %s %s is damaged: %r", dataset, version, error)
            text = N_(
                "The manifest of version %(version)s of “%(dataset)s” is damaged. It must be restored from a backup"
            )
            raise DamagedError(text, dataset=dataset, version=version) from None
