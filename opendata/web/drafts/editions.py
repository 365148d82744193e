"""Which edition of which table a file is: said, shown beside the published table, confirmed and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from flask_babel import gettext, ngettext

from opendata.domain.drafts import ENDED
from opendata.domain.editions.modes import Mode
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.core.editions.edition_values import EditionView
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.edition.watching import Beside
from opendata.web.catalogue.differences import mark_changes
from opendata.web.core.instance import services
from opendata.web.drafts.choices import APPEND, NEW
from opendata.wording.editions import say_figures, say_unusual

ROWS = {"added": N_("Rows added"), "removed": N_("Rows removed"), "before": N_("Rows corrected")}
CORRECTED = {"added": N_("Rows added, and rows after the correction"), "removed": N_("Rows before the correction")}
"""Kind of change → the caption of its rows; `CORRECTED` where rows are added, so that none are removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A table of a draft and what it is to the published one, in words.

    `said` says what happens, `reason` why; `unusual` has what to look at, each with the value of `choice` that mends it
    (empty: none). `value` is the choice in force, `offered` are all of them. `carried` names what comes from the last
    edition, each with the address of the place to change it.
    """

    name: str
    said: str
    reason: str
    asks: bool
    unusual: Sequence[tuple[str, str]]
    value: str
    offered: Sequence[tuple[str, str]]
    renamed: Mapping[str, str]
    is_doubled: bool
    repeated: int
    unread: Mapping[str, Sequence[str]]
    is_broken: bool
    beside: Beside | None
    shown: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
    carried: Sequence[tuple[str, str]]


def show_editions(draft: DraftView) -> Sequence[Edition]:
    """The tables that were sent with a draft of a dataset that has tables."""
    published = [] if draft.status in ENDED else services().watching.list_tables(g.actor, draft.id)
    if not published:
        return []
    unusual = services().watching.list_unusual(g.actor, draft.id)
    beside = services().watching.show_beside(g.actor, draft.id)
    found = []
    for table in draft.tables:
        if table.carried or table.edition is None or table.edition.mode is None:
            continue
        listed = [
            (say_unusual(choose_voice(), item.code, item.params), _choose(item.switch, table.name))
            for item in unusual.get(table.name, ())
        ]
        found.append(_show(draft, table, table.edition, published, listed, beside.get(table.name)))
    return found


def read_choice(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says: `choice` is the name of a table that is replaced, one with `APPEND` before it, or `NEW`."""
    choice = form.get("choice", "")
    changes: dict[str, Any] = {}
    if choice == NEW:
        changes |= {"mode": Mode.NEW, "target": None}
    elif choice:
        is_part = choice.startswith(APPEND)
        changes |= {"mode": Mode.APPEND if is_part else Mode.REPLACE, "target": choice.removeprefix(APPEND)}
    if form.get("repeats"):
        changes["repeats"] = form["repeats"] == "add"
    return changes


def _show(
    draft: DraftView,
    table: DraftResourceView,
    edition: EditionView,
    published: Sequence[str],
    unusual: Sequence[tuple[str, str]],
    beside: Beside | None,
) -> Edition:
    taken = {item.name for item in draft.tables if not item.carried and item.name != table.name}
    free = [name for name in published if name not in taken and name not in draft.dropped]
    titles = draft.titles
    offered = [
        *((f"{APPEND}{name}", gettext("Add the rows to “%(name)s”", name=titles.get(name, name))) for name in free),
        *((name, gettext("Replace “%(name)s” with this file", name=titles.get(name, name))) for name in free),
        (NEW, gettext("Make a new table of this file")),
    ]
    rows = beside.rows if beside is not None else {}
    captions = {**ROWS, **CORRECTED} if edition.mode == Mode.APPEND and rows.get("removed") else ROWS
    return Edition(
        name=table.name,
        said=_say(table, edition),
        reason=say_figures(choose_voice(), edition.mode, edition.figures, titles),
        asks=edition.asks,
        unusual=unusual,
        value=_choose(edition.mode, table.name),
        offered=offered,
        renamed=edition.renamed,
        is_doubled=edition.is_doubled,
        repeated=edition.part["repeated"] if edition.part else 0,
        unread=(edition.part or {}).get("unread", {}),
        is_broken=edition.is_broken,
        beside=beside,
        shown=[(captions[change], mark_changes(rows[change])) for change in ROWS if rows.get(change)],
        carried=_list_carried(draft, table),
    )


def _choose(mode: str | None, name: str) -> str:
    """The choice on the form that a mode is."""
    if mode == Mode.NEW:
        return NEW
    return f"{APPEND}{name}" if mode == Mode.APPEND else name if mode else ""


def _say(table: DraftResourceView, edition: EditionView) -> str:
    """What happens to the published table."""
    if edition.mode == Mode.NEW:
        return str(
            gettext(
                "The file “%(file)s” becomes a new table “%(name)s”.", file=table.file, name=table.title or table.name
            )
        )
    if edition.mode == Mode.REPLACE:
        return str(
            gettext(
                "The file “%(file)s” replaces the table “%(name)s”.", file=table.file, name=table.title or table.name
            )
        )
    said = str(
        gettext(
            "The rows of “%(file)s” are added to the table “%(name)s”.", file=table.file, name=table.title or table.name
        )
    )
    part = edition.part
    if part is None:
        return said
    counts = [
        ngettext("%(num)s row is new.", "%(num)s rows are new.", part["added"]),
        *(
            [ngettext("%(num)s row is corrected.", "%(num)s rows are corrected.", n)]
            if (n := part["corrected"])
            else []
        ),
        *(
            [ngettext("%(num)s row was there already.", "%(num)s rows were there already.", n)]
            if (n := part["repeated"])
            else []
        ),
    ]
    return " ".join([said, *counts])


def _list_carried(draft: DraftView, table: DraftResourceView) -> Sequence[tuple[str, str]]:
    """What the last edition of a table gives to this one, and where to change or undo it."""
    if table.edition is None or table.edition.mode == Mode.NEW:
        return []
    page = url_for("drafts.show_draft", draft=draft.id)
    reading = url_for("readings.show_reading", draft=draft.id, resource=table.name)
    choices = dict(table.choices or {})
    found = []
    if table.schema:
        name = table.schema_name or gettext("the columns and rules of the published table")
        upload = url_for("uploads.show_upload", dataset=draft.dataset, draft=draft.id)
        found.append((gettext("Schema: %(name)s", name=name), upload))
    if choices.pop("columns", None):
        found.append((gettext("Which column is which"), f"{page}#columns-of-{table.name}"))
    if any(choices.values()):
        found.append((gettext("How the file is read"), reading))
    if table.recipe:
        found.append((gettext("Repairs accepted for earlier files"), f"{page}#report-of-{table.name}"))
    if table.decisions:
        decisions = url_for("personal.show_decisions", draft=draft.id, resource=table.name)
        found.append((gettext("Decisions about personal data"), decisions))
    return found
