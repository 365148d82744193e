"""The public records of the basic catalogue: each version with what it changed, once; and by domain who fulfils what.

A version names the one before it, the entries that it begins with, or says otherwise, and those that it leaves out. So
a version and those before it give what was in force at any time. A database that was restored from a backup may be
older than the store: it goes on from its newest version with the next free number, and what was between is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from opendata.db.models import BasicEdition, BasicEntry, BasicLink, BasicVersion, Dataset, Publisher
from opendata.domain.basics.entries import Entry
from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError
from opendata.services.core.access import where_listed
from opendata.storage.store import Store, basic_links_key, basic_version_key

FOLDER, LINKS_FOLDER = "basics", "basic-links"

_Item = tuple[int, str, str, dict[str, Any]]
"""Number, publisher, domain and content of an entry."""


def list_numbers(session: Session) -> Sequence[int]:
    """The versions that were put in force."""
    return list(session.scalars(select(BasicVersion.number).order_by(BasicVersion.number)))


def find_free_number(store: Store, newest: int) -> int:
    """The number of the next version: one that the store has no record of."""
    number = newest + 1
    while store.has_record(basic_version_key(number)):
        number += 1
    return number


def list_chain(previous: Mapping[int, int], known: Collection[int]) -> Sequence[int]:
    """The newest version with all before it, lowest first, if none is missing; `previous` names the one before each.

    Those that are known are left out.
    """
    for newest in sorted(previous, reverse=True):
        chain, number = [newest], previous[newest]
        while number in previous and number < chain[0]:
            chain.insert(0, number)
            number = previous[number]
        if number == max(known, default=0):
            return chain
    return ()


def write_version(session: Session, number: int) -> Mapping[str, Any]:
    """The record of a version."""
    row = session.get_one(BasicVersion, number)
    begun = select(BasicEdition).where(BasicEdition.since == number).order_by(BasicEdition.entry_id)
    ended = select(BasicEdition.entry_id).where(BasicEdition.until == number)
    previous = session.scalar(select(func.max(BasicVersion.number)).where(BasicVersion.number < number))
    return {
        "number": number,
        "previous": previous or 0,
        "created": format_time(row.at),
        "note": row.note,
        "counts": {"entries": row.entries, "added": row.added, "changed": row.changed, "removed": row.removed},
        "begun": [
            {"entry": item.entry_id, "publisher": item.publisher_id, "domain": item.domain, "content": item.content}
            for item in session.scalars(begun)
        ],
        "ended": sorted(session.scalars(ended)),
    }


def list_links(session: Session) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The domains whose entries are fulfilled by public datasets, with the record of each."""
    newest = select(BasicEdition.entry_id, func.max(BasicEdition.id)).group_by(BasicEdition.entry_id).subquery()
    query = (
        select(BasicEdition.domain, BasicLink.entry_id, BasicLink.dataset_uuid, BasicLink.created)
        .join(newest, newest.c[1] == BasicEdition.id)
        .join(BasicLink, BasicLink.entry_id == BasicEdition.entry_id)
        .join(Dataset, Dataset.uuid == BasicLink.dataset_uuid)
        .where(where_listed())
        .order_by(BasicLink.entry_id, BasicLink.dataset_uuid)
    )
    found: dict[str, list[Mapping[str, Any]]] = {domain: [] for domain in session.scalars(_domains())}
    for domain, entry, uuid, created in session.execute(query):
        found[domain].append({"entry": entry, "dataset": uuid, "created": format_time(created)})
    for domain, links in found.items():
        yield domain, {"domain": domain, "links": links}


def restore_version(session: Session, found: Mapping[str, Any], key: str) -> Sequence[str]:
    """Add what a version says, after those before it; the publishers that it names and that don't exist.

    Raises `IntegrityError` for the record of another version or without those before it, `KeyError`, `ValueError`.
    """
    number, at = int(found["number"]), datetime.fromisoformat(found["created"])
    if key != basic_version_key(number):
        raise IntegrityError(N_("This is the record of another version"))
    if int(found["previous"]) != (session.scalar(select(func.max(BasicVersion.number))) or 0):
        raise IntegrityError(N_("The versions before this one are missing"))
    items = [_read_item(item) for item in found["begun"]]
    ended = [int(entry) for entry in found["ended"]]
    rows = {row.id: row for row in session.scalars(select(BasicEntry).where(_in_entries(items, ended)))}
    if not {*ended} <= rows.keys():
        raise IntegrityError(N_("The versions before this one are missing"))
    publishers, lost = set(session.scalars(select(Publisher.id))), set[str]()
    session.add(BasicVersion(number=number, at=at, author="", note=str(found["note"]), **_read_counts(found["counts"])))
    for edition in session.scalars(
        select(BasicEdition).where(BasicEdition.entry_id.in_(ended), BasicEdition.until.is_(None))
    ):
        edition.until = number
    for entry, named, domain, content in items:
        publisher = named if named in publishers else None
        if named and publisher is None:
            lost.add(named)
        row = rows.get(entry)
        if row is None:
            row = BasicEntry(id=entry, revision=0)
            session.add(row)
            rows[entry] = row
        row.publisher_id, row.domain, row.content = publisher, domain, content
        row.author, row.changed, row.removed = "", at, False
        row.revision += 1
        session.flush()
        session.add(BasicEdition(entry_id=entry, since=number, publisher_id=publisher, domain=domain, content=content))
    for entry in {*ended} - {item[0] for item in items}:
        rows[entry].removed, rows[entry].changed = True, at
    session.flush()
    return sorted(lost)


def restore_links(session: Session, found: Mapping[str, Any]) -> int:
    """Add the links of a domain that the database doesn't have; how many. Raises `KeyError`, `ValueError`."""
    known = {(row.entry_id, row.dataset_uuid) for row in session.scalars(select(BasicLink))}
    entries = set(session.scalars(select(BasicEntry.id)))
    added = 0
    for item in found["links"]:
        pair = (int(item["entry"]), str(item["dataset"]))
        if pair not in known and pair[0] in entries:
            created = datetime.fromisoformat(item["created"])
            session.add(BasicLink(entry_id=pair[0], dataset_uuid=pair[1], author="", created=created))
            added += 1
    return added


def go_on_counting(session: Session) -> None:
    """Have the next entry get a number of its own, where the database counts apart from the rows."""
    if session.get_bind().dialect.name == "postgresql":
        session.flush()
        session.execute(
            text(
                "select setval(pg_get_serial_sequence('basic_entries', 'id'), max(id)) from basic_entries"
                " having max(id) is not null"
            )
        )


def links_key(domain: str, number: int) -> str:
    """The key of the n-th edition of a domain's links."""
    return basic_links_key(domain, number)


def _domains() -> Any:
    return select(BasicEdition.domain).distinct().order_by(BasicEdition.domain)


def _read_item(found: Mapping[str, Any]) -> _Item:
    content = dict(found["content"])
    Entry.from_json(content)
    return int(found["entry"]), str(found["publisher"] or ""), str(found["domain"]), content


def _in_entries(items: Sequence[_Item], ended: Sequence[int]) -> Any:
    return BasicEntry.id.in_({*ended, *(item[0] for item in items)})


def _read_counts(found: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(found[name]) for name in ("entries", "added", "changed", "removed")}
