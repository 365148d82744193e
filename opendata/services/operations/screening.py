"""Published tables are screened for personal data in the background, also those from before the gate.

What it finds is listed for the publisher and the maintainers. They decide what happens.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from opendata.db.models import Version
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.errors import BackendError
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.services.catalogue.files.reading import lend_file
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.version_rows import view_version
from opendata.services.core.access import where_alarming, where_published_by, where_standing
from opendata.services.core.actors import Actor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.editions.version_values import VersionView
from opendata.services.privacy.gate import list_strong_findings
from opendata.tables.arrow.parquet import open_parquet

logger = logging.getLogger(__name__)

_SECONDS = 10.0
"""So long the worker screens at most before it looks for other work again."""

_BATCH_ROWS = 65_536


class Screening:
    """Screens the versions that are public."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def run_slice(self, seconds: float = _SECONDS) -> int:
        """Screen versions that weren't yet, for a while, the newest first; how many that were.

        One whose files are missing or damaged now is left for the next time. Raises `BackendError`.
        """
        end, count = time.monotonic() + seconds, 0
        damaged: set[int] = set()
        while time.monotonic() < end:
            with self._context.read() as session:
                query = select(Version.id, Version.dataset_id, Version.version)
                query = query.where(Version.screening.is_(None), where_standing()).order_by(Version.id.desc())
                found = session.execute(query.where(Version.id.not_in(damaged)).limit(1)).first()
            if found is None:
                break
            identifier, dataset, version = found
            try:
                findings = self._screen(self._manifests.get(dataset, version))
            except BackendError:
                raise  # the other versions can't be read either
            except Exception as error:  # noqa: BLE001 - what a damaged file makes of a reader has no end
                logger.warning("%s@%s can't be screened now: %r", dataset, version, error)
                damaged.add(identifier)
                continue
            with self._context.write() as session:
                row = session.get_one(Version, identifier)
                row.screening, row.alarming = list(findings), bool(findings)
            if findings:
                logger.warning("personal data may be public in %s@%s", dataset, version)
            count += 1
        return count

    def list(self, actor: Actor | None) -> Sequence[tuple[VersionView, Sequence[Mapping[str, Any]]]]:
        """The public versions in which something was found, with what, of the actor's publisher or of all."""
        query = select(Version).where(_where_alarming(actor)).order_by(Version.id.desc())
        with self._context.read() as session:
            return [(view_version(row), row.screening or ()) for row in session.scalars(query)]

    def count(self, actor: Actor | None) -> int:
        """How many versions those are."""
        with self._context.read() as session:
            return session.scalar(select(func.count(Version.id)).where(_where_alarming(actor))) or 0

    def _screen(self, manifest: Manifest) -> Sequence[dict[str, Any]]:
        """What looks like personal data in the tables of a version and wasn't decided about, without examples."""
        found = []
        for table in manifest.tables:
            decided = {item["field"] for item in (table.privacy or {}).get("columns", ())}
            strong = list_strong_findings([item.describe() for item in self._screen_table(table)])
            found += [{**item, "examples": []} for item in strong if item["field"] not in decided]
        return found

    def _screen_table(self, table: TableResource) -> Sequence[Any]:
        fields = {item.name: item for item in table.schema.fields}
        screen: PrivacyScreen | None = None
        for part in table.parquet.tables:
            with lend_file(self._context, part) as path, open_parquet(path) as file:
                screen = screen or PrivacyScreen(table.name, [fields[name] for name in file.schema_arrow.names])
                for batch in file.iter_batches(_BATCH_ROWS):
                    screen.take(batch)
        return screen.list() if screen is not None else []


def _where_alarming(actor: Actor | None) -> ColumnElement[bool]:
    """The public versions in which something was found and that the actor decides about."""
    return and_(where_alarming(), where_standing(), where_published_by(require_publisher(actor)))
