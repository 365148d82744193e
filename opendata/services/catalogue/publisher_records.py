"""Publishers as JSON: all their properties, what manifests name, and the public record of each in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from opendata.db.models import Publisher
from opendata.domain.manifest import PublisherName
from opendata.domain.moments import format_time
from opendata.metadata.canonical import write_canonical
from opendata.metadata.properties.publishers import DEFAULT_KIND
from opendata.services.core.context import Context
from opendata.services.core.records import keep_edition, keep_record
from opendata.storage.store import publisher_key

_COLUMNS = ("title", "description", "i18n", "kind", "code", "parent", "supervisor")
"""The properties that have a column. All others are in `details`."""

_PERSONS = ("responsible", "officer")
_SHOWN: Mapping[str, tuple[str, ...]] = {"all": ("name", "post"), "nothing": ()}
"""What everybody sees of a person by `shows`; otherwise the post."""


def describe_properties(row: Publisher) -> dict[str, Any]:
    """All that was said of a publisher, as `read_publisher` gives it."""
    found = {
        "title": row.title,
        "description": row.description or None,
        "kind": row.kind,
        "code": row.code,
        "parent": row.parent_id,
        "supervisor": row.supervisor_id,
        **(row.details or {}),
    }
    return {"i18n": dict(row.i18n or {}), **{name: value for name, value in found.items() if value is not None}}


def keep_properties(row: Publisher, values: Mapping[str, Any]) -> None:
    """Put properties that were checked into a row."""
    row.title, row.description = values["title"], values.get("description") or ""
    row.i18n, row.kind, row.code = values["i18n"], values["kind"], values.get("code")
    row.parent_id, row.supervisor_id = values.get("parent"), values.get("supervisor")
    row.details = {name: value for name, value in values.items() if name not in _COLUMNS} or None


def describe_publisher(row: Publisher) -> PublisherName:
    """A publisher as manifests name it."""
    found: PublisherName = {"id": row.id}
    if row.title:
        found["title"] = row.title
    if row.description:
        found["description"] = row.description
    if row.i18n:
        found["i18n"] = row.i18n
    if row.code:
        found["code"] = row.code
    return found


def show_official(found: Mapping[str, str] | None) -> Mapping[str, str]:
    """What everybody sees of a person: the post, unless said otherwise."""
    shown = _SHOWN.get((found or {}).get("shows", ""), ("post",))
    return {name: found[name] for name in shown if found.get(name)} if found else {}


def describe_record(row: Publisher) -> dict[str, Any]:
    """What the store has of a publisher: all that is public."""
    found = {name: value for name, value in describe_properties(row).items() if name not in _PERSONS}
    if row.kind == DEFAULT_KIND:
        del found["kind"]
    for name in _PERSONS:
        shown = show_official((row.details or {}).get(name))
        if shown:
            found[name] = {**shown, "shows": row.details[name].get("shows", "post")}  # type: ignore[index]
    if not found["i18n"]:
        del found["i18n"]
    if row.history:
        found["history"] = row.history
    if row.ended is not None:
        found["ended"] = format_time(row.ended)
    return {"id": row.id, **found, "created": format_time(row.created)}


def restore_publisher(found: Mapping[str, Any], editions: int) -> tuple[Publisher, Mapping[str, str]]:
    """The row that a record describes, below nothing yet; and the ids of its `parent` and `supervisor`, if any."""
    created = datetime.fromisoformat(found["created"])
    modified = datetime.fromisoformat(found.get("modified", found["created"]))
    row = Publisher(id=found["id"], editions=editions, created=created, modified=modified)
    leads = {name: found[name] for name in ("parent", "supervisor") if name in found}
    ours = {"id", "created", "modified", "ended", "history", *leads}
    keep_properties(
        row, {"title": "", "i18n": {}, "kind": DEFAULT_KIND, **{k: v for k, v in found.items() if k not in ours}}
    )
    row.history = found.get("history")
    row.ended = datetime.fromisoformat(found["ended"]) if "ended" in found else None
    return row, leads


def record_publisher(context: Context, row: Publisher) -> None:
    """Write the publisher's record into the store where its newest edition doesn't say the same."""
    found = describe_record(row)
    if row.editions:
        newest = context.public.get_record(publisher_key(row.id, row.editions))
        known = {name: value for name, value in json.loads(newest).items() if name != "modified"}
        if write_canonical(known) == write_canonical(found):
            keep_record(context, publisher_key(row.id, row.editions), newest)  # it may have died before its signature
            return
        found["modified"] = format_time(row.modified)
    row.editions = keep_edition(context, partial(publisher_key, row.id), found, row.editions)


def finish_publishers(context: Context) -> None:
    """Say in the store what was decided about publishers and isn't said there yet."""
    with context.read() as session:
        names = list(session.scalars(select(Publisher.id).where(Publisher.unfinished).order_by(Publisher.id)))
    for name in names:
        with context.write() as session:
            query = select(Publisher).where(Publisher.id == name, Publisher.unfinished).with_for_update()
            row = session.scalar(query)
            if row is not None:
                record_publisher(context, row)
                row.unfinished = False
