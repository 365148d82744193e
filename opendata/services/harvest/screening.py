"""Whether a dataset of another portal may become public here, however it comes in."""

from __future__ import annotations

from dataclasses import replace

from opendata.domain.harvest.items import Read, RefusedItem
from opendata.domain.metadata import DatasetMetadata
from opendata.errors import N_
from opendata.services.privacy.texts import needs_reason

_CLOSED = N_("The source says that this dataset isn't open to everybody")
_PERSONAL = N_("Its texts look like personal data")


def screen_item(item: Read) -> Read:
    """A dataset that may become public here, else the reason why not."""
    if isinstance(item, RefusedItem):
        return replace(item, title=_show_title(DatasetMetadata(title=item.title)))
    text = _CLOSED if not item.metadata.disclosure.is_open else _PERSONAL if needs_reason(item.metadata) else ""
    if not text:
        return item
    title = _show_title(item.metadata)
    return RefusedItem(reason={"message": text, "params": {}}, identifier=item.identifier, title=title)


def _show_title(metadata: DatasetMetadata) -> str:
    """The title of a dataset that isn't taken in; none where its texts look like personal data: all see the report."""
    return "" if needs_reason(metadata) else metadata.title
