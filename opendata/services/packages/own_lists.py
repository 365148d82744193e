"""The lists that the portal publishes about itself, every day, as versioned datasets like all others.

    a new day → one worker takes a list → its rows and schema become a package → that is imported
              → rows that haven't changed make no version

Nothing is screened less for being our own: a list whose texts look like personal data is refused, and its fault is kept
until somebody has mended the text.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, OwnListState, Publisher
from opendata.domain.drafts import Failure
from opendata.errors import N_, Listed, NotFoundError, OpendataError, StateError
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.actors import SYSTEM, Actor, require_overseer
from opendata.services.core.context import Context
from opendata.services.packages.imported import Imported
from opendata.services.packages.imports import Imports
from opendata.tables.types.canonical import write_value

logger = logging.getLogger(__name__)

_HELD = timedelta(hours=1)
"""So long a worker may be at a list; then it has died, and another takes it."""

_FROM_HOUR = 3
"""Lists of a day are made after this hour of it, in the zone of the portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnList:
    """A list: the id and the metadata of its dataset, a Table Schema, and what reads its rows.

    `title` and `description` are Chinese, `i18n` has them in English. A row has a value for each field: None if it
    is missing.
    """

    id: str
    title: str
    description: str
    i18n: Mapping[str, Mapping[str, str]]
    schema: Mapping[str, Any]
    read: Callable[[], Iterable[Sequence[object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnListView:
    """What became of a list: its day and version, empty before the first, and what is in the way since."""

    id: str
    title: str
    i18n: Mapping[str, Mapping[str, str]]
    day: date | None
    version: str
    fault: Failure | None


class OwnLists:
    """Publishes the lists."""

    def __init__(self, context: Context, imports: Imports, lists: Sequence[OwnList]) -> None:
        self._context = context
        self._imports = imports
        self._lists = {one.id: one for one in lists}

    def list(self, actor: Actor | None) -> Sequence[OwnListView]:
        """All lists with what became of them. Raises `NotPermittedError`."""
        require_overseer(actor)
        with self._context.read() as session:
            rows = {one: session.get(OwnListState, one) for one in self._lists}
        return [
            OwnListView(
                id=found.id,
                title=found.title,
                i18n=found.i18n,
                day=row.day if row else None,
                version=row.version if row else "",
                fault=row.fault if row else None,
            )
            for found, row in zip(self._lists.values(), rows.values(), strict=True)
        ]

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Publish the lists of today that nobody has published or is at, until it is to stop; how many."""
        now = self._context.clock().astimezone(ZoneInfo(self._context.settings.timezone))
        if not self._context.settings.lists_publisher or now.hour < _FROM_HOUR:
            return 0
        count = 0
        for name in self._lists:
            if is_stopping():
                break
            if self._claim(name, now.date()):
                self._publish(name, now.date())
                count += 1
        wrong = self._find_wrong_setting() if count else None
        if wrong is not None:
            logger.warning("the publisher of the lists: %s", wrong)
        return count

    def find_wrong_setting(self, actor: Actor | None) -> StateError | None:
        """Why the setting that names the publisher of the lists should be another; None where it is right or empty.

        Raises `NotPermittedError`.
        """
        require_overseer(actor)
        return self._find_wrong_setting()

    def publish(self, name: str) -> Imported:
        """Publish a list now, for the owner of the instance.

        Raises `NotFoundError`, `StateError` where no publisher is set, and whatever is wrong with the list.
        """
        if name not in self._lists:
            raise NotFoundError(N_("There is no list “%(id)s”. Lists: %(ids)s"), id=name, ids=", ".join(self._lists))
        if not self._context.settings.lists_publisher:
            raise StateError(N_("Set OPENDATA_LISTS_PUBLISHER to the id of the publisher that publishes the lists"))
        return self._import(self._lists[name])

    def _claim(self, name: str, day: date) -> bool:
        """Take a list for this worker, where it is due."""
        now = self._context.clock()
        try:
            with self._context.write() as session:
                if session.get(OwnListState, name) is None:
                    session.add(OwnListState(list=name))
        except IntegrityError:
            pass  # another worker was faster
        is_due = or_(OwnListState.day.is_(None), OwnListState.day < day)
        is_free = or_(OwnListState.held_until.is_(None), OwnListState.held_until < now)
        taken = update(OwnListState).where(OwnListState.list == name, is_due, is_free).values(held_until=now + _HELD)
        with self._context.write() as session:
            return bool(session.execute(taken).rowcount)  # type: ignore[attr-defined]

    def _publish(self, name: str, day: date) -> None:
        version, fault = "", None
        try:
            found = self._import(self._lists[name])
        except OpendataError as error:
            logger.warning("the list %s can't be published: %s", name, error)
            kept = error.describe()
            fault = Failure(type=type(error).__name__, message=kept["message"], params=kept["params"])
        else:
            version = found.version or ""
            if found.refused:
                fault = Failure(type="Refused", detail="; ".join(found.resources[0].messages[:3]))
        with self._context.write() as session:
            row = session.get_one(OwnListState, name)
            row.day, row.held_until, row.fault = day, None, fault
            row.version = version or row.version
            if fault is not None:
                self._context.log(session, SYSTEM, "list-failed", "dataset", name, reason=fault["type"])

    def _find_wrong_setting(self) -> StateError | None:
        name = self._context.settings.lists_publisher
        if not name:
            return None
        try:
            with self._context.read() as session:
                owner = _find_owner(session, name)
        except StateError as error:
            return error
        if owner == name:
            return None
        text = N_(
            "“%(id)s” was merged into “%(successor)s”, which publishes the lists now. Set OPENDATA_LISTS_PUBLISHER to"
            " “%(successor)s”"
        )
        return StateError(text, id=name, successor=owner)

    def _find_place(self, name: str) -> tuple[str, str]:
        """The publisher and the dataset of a list: they may have been merged, moved and renamed since the first time.

        Raises `StateError` where nobody can say whose it is.
        """
        setting = self._context.settings.lists_publisher
        with self._context.read() as session:
            alias = session.get(Alias, name)
            dataset = alias.dataset_id if alias is not None else name
            row = session.get(Dataset, dataset)
            if row is None:
                return _find_owner(session, setting), dataset
            known = {setting, *follow_publishers(session, [setting])}
            if not known.isdisjoint({row.publisher_id, *(move["source"] for move in row.moves or ())}):
                if row.publisher.ended is not None:
                    raise _refuse_ended(row.publisher_id)
                return row.publisher_id, dataset
            text = N_(
                "“%(dataset)s” belongs to “%(publisher)s”. Move it to “%(owner)s”, or set OPENDATA_LISTS_PUBLISHER to"
                " “%(publisher)s”"
            )
            owner = _find_owner(session, setting)
            raise StateError(text, dataset=dataset, publisher=row.publisher_id, owner=owner)

    def _import(self, wanted: OwnList) -> Imported:
        publisher, dataset = self._find_place(wanted.id)
        with TemporaryDirectory(prefix="opendata-list-") as name:
            folder = Path(name)
            rows = _write_rows(folder / "data.csv", wanted)
            descriptor = {
                "name": dataset,
                "title": wanted.title,
                "description": wanted.description,
                "licenses": [{"name": "CC0-1.0"}],
                "keywords": ["目录", "信息公开"],
                "resources": [
                    {"name": "list", "path": "data.csv", "schema": dict(wanted.schema), "opendata": {"rows": rows}}
                ],
                "opendata": {"i18n": wanted.i18n, "updateCycle": "daily"},
            }
            (folder / "datapackage.json").write_text(json.dumps(descriptor, ensure_ascii=False), encoding="utf-8")
            return self._imports.import_package(SYSTEM, str(folder), publisher=publisher, no_rows=True)


def _find_owner(session: Session, setting: str) -> str:
    """The publisher that the setting names, or the one that it was merged into. Raises `StateError`."""
    found = follow_publishers(session, [setting])
    if len(found) != 1:
        text = N_("“%(id)s” was split. Set OPENDATA_LISTS_PUBLISHER to one of: %(choices)s")
        raise StateError(text, id=setting, choices=Listed(found))
    row = session.get(Publisher, found[0])
    if row is None:
        text = N_("There is no publisher “%(id)s”. Set OPENDATA_LISTS_PUBLISHER to the id of a publisher")
        raise StateError(text, id=setting)
    if row.ended is not None:
        raise _refuse_ended(row.id)
    return row.id


def _refuse_ended(publisher: str) -> StateError:
    text = N_("“%(id)s” was closed. Set OPENDATA_LISTS_PUBLISHER to the id of another publisher")
    return StateError(text, id=publisher)


def _write_rows(path: Path, wanted: OwnList) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field["name"] for field in wanted.schema["fields"]])
        for row in wanted.read():
            writer.writerow([write_value(value) for value in row])
            count += 1
    return count
