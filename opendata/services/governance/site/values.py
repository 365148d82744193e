"""What the public side hands to pages, REST and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendata.domain.site.calls import CallState
from opendata.domain.site.kinds import PageKind
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.domain.texts import I18n
from opendata.services.core.values import DatasetView


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page of the site. `data` are its fields, `published` when its text last changed for the public.

    `state` is that of a call.
    """

    kind: PageKind
    id: str
    data: Mapping[str, Any]
    position: int
    is_public: bool
    revision: int
    created: datetime
    modified: datetime
    published: datetime | None
    state: CallState | None = None

    @property
    def i18n(self) -> I18n:
        """Its texts in other languages."""
        found: I18n = self.data.get("i18n") or {}
        return found

    @property
    def title(self) -> str:
        """Its title, or its id where it has none."""
        return self.data.get("title") or self.id

    @property
    def body(self) -> str:
        """Its text, in Markdown."""
        return self.data.get("body") or ""

    @property
    def conditions(self) -> str:
        """The conditions of a call, in Markdown."""
        return self.data.get("conditions") or ""

    @property
    def results(self) -> str:
        """The results of a call, in Markdown."""
        return self.data.get("results") or ""

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """Its attachments."""
        return self.data.get("files") or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersionView:
    """A page as it was after a change."""

    revision: int
    at: datetime
    data: Mapping[str, Any]
    is_public: bool


@dataclass(frozen=True, slots=True)
class SiteFileView:
    """A picture or attachment: its bytes are served at its digest."""

    sha256: str
    mediatype: str
    size: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseView:
    """A re-use. `contact` and `reason` are empty for all but maintainers; `dataset_titles` has ids and titles."""

    id: str
    title: str
    description: str
    url: str
    author: str
    contact: str
    call: str
    state: ReuseState
    reason: str
    created: datetime
    decided: datetime | None
    modified: datetime
    link: LinkState
    failing_since: datetime | None
    checked: datetime | None
    datasets: Sequence[Mapping[str, Any]] = ()

    @property
    def is_listed(self) -> bool:
        """Whether the gallery shows it."""
        return self.state == ReuseState.APPROVED and self.link != LinkState.DEAD


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Datasets of a column that belong together, below the headings of the levels above them.

    A heading is a code, a text, or None for what the metadata don't say. `by` names what it is a heading of, and is
    empty for datasets that aren't arranged. `thing` is the publisher where it is one.
    """

    heading: str | None
    datasets: Sequence[DatasetView] = ()
    groups: Sequence[ColumnGroup] = ()
    thing: Any = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """What a column shows: how many datasets it has, those that are shown, and of how many the metadata miss something.

    `incomplete` pairs a dataset with what its editors have to say.
    """

    total: int
    groups: Sequence[ColumnGroup]
    incomplete: Sequence[tuple[DatasetView, Sequence[str]]] = ()


@dataclass(frozen=True, slots=True)
class PartState:
    """A part of the portal: whether it works (None: that can't be known now, or it isn't used), and a sentence."""

    name: str
    is_working: bool | None
    said: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """What works now, what the last checks found, and what maintainers say about incidents."""

    at: datetime
    parts: Sequence[PartState]
    checks: Sequence[PartState]
    incidents: Sequence[PageView]

    @property
    def is_working(self) -> bool:
        """Whether nothing that is known doesn't work."""
        return all(part.is_working is not False for part in self.parts)
