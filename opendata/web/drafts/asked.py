"""What a draft still asks of its clerk: each question with the place that answers it, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext, ngettext

from opendata.domain.drafts import SUBMIT
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.web.core.languages import choose_separator
from opendata.web.drafts.editions import Edition
from opendata.web.drafts.fixing.steps import TableSteps
from opendata.web.drafts.fixing.types import list_type_doubts
from opendata.web.drafts.meaning import list_cards
from opendata.web.drafts.personal import list_texts
from opendata.web.drafts.readings import find_questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and the address of its answer.

    Without an answer to one that `must` be answered, the draft can't be submitted. For all others, a reason that is
    given when the draft is submitted is enough.
    """

    text: str
    place: str
    must: bool


def list_asked(draft: DraftView, editions: Iterable[Edition], steps: Iterable[TableSteps]) -> Sequence[Asked]:
    """The questions of a draft that passed the check, while it can be submitted."""
    if draft.status not in SUBMIT.sources or draft.is_at_work:
        return []
    has_reason = bool(draft.reason)
    return [item for item in _list_all(draft, editions, steps) if item.must or not has_reason]


def list_empty(draft: DraftView) -> Sequence[DraftResourceView]:
    """The tables without rows of which nobody has said that this is meant."""
    return [item for item in draft.tables if not item.carried and item.rows == 0 and not item.no_rows]


def list_doubtful(draft: DraftView) -> Mapping[str, int]:
    """By table, of how many columns somebody is to say the type."""
    tasks = (draft.report or {}).get("tasks", ())
    typed = {item.name for item in draft.tables if item.proposed_schema is not None or item.schema is not None}
    return {task["name"]: n for task in tasks if task["name"] in typed and (n := len(list_type_doubts(task)))}


def _list_all(draft: DraftView, editions: Iterable[Edition], steps: Iterable[TableSteps]) -> Iterator[Asked]:
    page = url_for("drafts.show_draft", draft=draft.id)
    titles = {item.name: draft.titles.get(item.name, item.name) for item in draft.tables}
    for offer in draft.series:
        if offer.asks:
            text = gettext("Are these one table: %(names)s?", names=choose_separator().join(offer.files))
            yield Asked(text=text, place=f"{page}#series-of-{offer.tables[0]}", must=True)
    for edition in editions:
        if edition.asks:
            text = gettext("“%(table)s”: what is the file to the published table?", table=titles[edition.name])
            yield Asked(text=text, place=f"{page}#edition-{edition.name}", must=True)
    for name in find_questions(draft):
        text = gettext("“%(table)s”: is the file read correctly?", table=titles[name])
        yield Asked(text=text, place=f"{page}#questions", must=False)
    for name, count in list_doubtful(draft).items():
        text = ngettext(
            "“%(table)s”: what is in %(num)s column?",
            "“%(table)s”: what is in %(num)s columns?",
            count,
            table=titles.get(name, name),
        )
        yield Asked(text=text, place=f"{page}#types-of-{name}", must=False)
    for card in list_cards(draft):
        if card.is_blocking:
            text = gettext("“%(table)s”: which unit is right?", table=titles[card.table.name])
            yield Asked(text=text, place=f"{page}#{card.field('unit')}", must=True)
    for item in steps:
        if item.has_questions:
            text = gettext("“%(table)s”: do the steps still fit?", table=titles[item.table.name])
            yield Asked(text=text, place=f"{page}#steps-of-{item.table.name}", must=False)
    for name in dict.fromkeys(item["resource"] for item in draft.undecided):
        text = gettext("“%(table)s”: what is done with personal data?", table=titles.get(name, name))
        yield Asked(text=text, place=url_for("personal.show_decisions", draft=draft.id, resource=name), must=True)
    if any(item.needs_reason for item in list_texts(draft)):
        yield Asked(text=gettext("Why can texts with personal data be published?"), place=f"{page}#texts", must=False)
    for table in list_empty(draft):
        text = gettext("“%(table)s” has no rows: is that right?", table=titles[table.name])
        yield Asked(text=text, place=f"{url_for('answers.show_answers', draft=draft.id)}#no_rows", must=False)
