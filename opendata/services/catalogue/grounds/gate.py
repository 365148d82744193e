"""The gate before what isn't open: it needs an entry of the negative list that is in force and for its publisher.

An instance without a list in force has no gate. Nothing is ever opened because a ground is missing.

Source: Opinions of 2016 on open government work, part 5: what is outside the negative list is disclosed in principle
(负面清单外的事项原则上都要依法依规予以公开).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, NegativeList, Publisher
from opendata.domain.disclosure import OPEN, Disclosure
from opendata.domain.grounds.entries import Entry, find_fitting
from opendata.errors import N_, InvalidMetadataError, Listed, fault
from opendata.services.core.access import disclosure_of, is_listed
from opendata.services.core.context import Context

_MOST_NAMED = 20


def find_list(session: Session) -> NegativeList | None:
    """The version of the negative list that is in force."""
    query = select(NegativeList).where(NegativeList.number.is_not(None)).order_by(NegativeList.number.desc()).limit(1)
    return session.scalar(query)


def read_entries(row: NegativeList | None) -> tuple[Entry, ...]:
    """The entries of a version; none where there is no version."""
    return tuple(Entry.from_json(item) for item in row.entries) if row is not None else ()


def read_held(session: Session, row: NegativeList | None) -> tuple[Entry, ...]:
    """The entries as they hold: what was for a publisher that was merged or split is for those that follow it too."""
    entries, followers = read_entries(row), dict[str, Sequence[str]]()
    wanted = {name for item in entries for name in item.publishers}
    while wanted:
        ended = select(Publisher).where(Publisher.id.in_(wanted), Publisher.ended.is_not(None))
        found = {item.id: item.history[-1].get("others", ()) if item.history else () for item in session.scalars(ended)}
        followers |= found
        wanted = {name for names in found.values() for name in names} - followers.keys()
    return tuple(replace(item, publishers=_follow(item.publishers, followers)) for item in entries)


def _follow(names: Iterable[str], followers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    found = list(names)
    for name in found:  # it grows meanwhile
        found += [other for other in followers.get(name, ()) if other not in found]
    return tuple(found)


def list_fitting(context: Context, session: Session, publisher: str) -> Sequence[Entry]:
    """The entries in force that a publisher can point to."""
    return find_fitting(read_held(session, find_list(session)), publisher, context.today())


def require_ground(context: Context, session: Session, row: Dataset, wanted: Disclosure) -> None:
    """Raises `InvalidMetadataError` where a dataset can't have a disclosure for want of a ground in force.

    It names the entries that fit. What is available on application needs no ground, and keeps one that has ended since
    its entry became public.
    """
    if wanted.attribute == OPEN:
        return
    found = find_list(session)
    is_kept = wanted.ground == disclosure_of(row).ground
    if not wanted.is_closed and (not wanted.ground or (is_kept and is_listed(row))):
        return
    if found is None and (not wanted.ground or is_kept):
        return
    fitting = find_fitting(read_held(session, found), row.publisher_id, context.today())
    if any(item.id == wanted.ground for item in fitting):
        return
    names = Listed(f"{item.id} {item.title}" for item in fitting[:_MOST_NAMED])
    if not fitting:
        text = N_(
            "No entry of the negative list that is in force fits this publisher. What isn't on the list is open. If"
            " this must stay closed, ask a maintainer to put it on the list"
        )
        raise InvalidMetadataError(faults=[fault("/disclosure/ground", text)])
    if wanted.ground:
        text = N_(
            "The entry “%(entry)s” of the negative list isn't in force, or isn't for this publisher. Choose one of:"
            " %(choices)s"
        )
    else:
        text = N_(
            "Data that isn't disclosed must point to an entry of the negative list that is in force. Edit the metadata"
            " and choose one of: %(choices)s"
        )
    raise InvalidMetadataError(faults=[fault("/disclosure/ground", text, entry=wanted.ground[:60], choices=names)])
