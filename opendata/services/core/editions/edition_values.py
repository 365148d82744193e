"""What a draft's table is to the published one, as services hand it to pages and REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opendata.db.models import DraftResource
from opendata.domain.editions.modes import EditionJson, Figures, Mode, PartJson
from opendata.domain.manifest import Manifest
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.editions import say_figures
from opendata.wording.voice import voice_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """What a file is to the published table, and why.

    `mode` is None while that isn't known. `asks` says that somebody must confirm it, `by` names who did. `is_doubled`
    says that rows without a key are there already. `renamed` are the columns read under other names: label → name.
    `part` counts the rows that were added, None of a table that isn't added to another one; `is_broken` says that the
    whole table breaks a rule that the file keeps.
    """

    mode: str | None
    asks: bool = False
    by: str = ""
    repeats: bool = False
    is_doubled: bool = False
    is_broken: bool = False
    figures: Figures = field(default_factory=Figures)
    renamed: Mapping[str, str] = field(default_factory=dict)
    part: PartJson | None = None

    @property
    def reason(self) -> str:
        """Why, in English."""
        return say_figures(voice_of(SOURCE_LANGUAGE), self.mode, self.figures)

    @property
    def rivals(self) -> Sequence[str]:
        """The tables that fit equally well."""
        return self.figures.get("rivals", ())


def view_edition(item: DraftResource, base: str | None, manifest: Manifest | None) -> EditionView:
    """What a file is to the published table of its name in the version `base`, whose manifest needn't be at hand."""
    edition: EditionJson = item.edition or {}
    if item.edition is None and base is not None and manifest is None:
        return EditionView(mode=None)
    if item.edition is None:
        is_published = any(table.name == item.name for table in (manifest.tables if manifest else ()))
        return EditionView(mode=Mode.REPLACE if is_published else Mode.NEW)
    part = edition.get("part") if item.checked and edition.get("mode") == Mode.APPEND else None
    counts: PartJson | None = None
    if part is not None:
        counts = {
            "rows": part["rows"],
            "added": part["added"],
            "corrected": part["corrected"],
            "repeated": part["repeated"],
        }
        if part.get("unread"):
            counts["unread"] = part["unread"]
    return EditionView(
        mode=edition.get("mode"),
        asks=bool(edition.get("asks")) and item.checked,
        by=edition.get("by", ""),
        repeats=bool(edition.get("repeats")),
        is_doubled=bool(counts and counts["repeated"] and not edition.get("figures", {}).get("key")),
        is_broken=part is not None and not item.valid,
        figures=edition.get("figures", {}),
        renamed=edition.get("renamed", {}),
        part=counts,
    )
