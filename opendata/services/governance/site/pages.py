"""Pages that maintainers keep: the disclosure column, columns, calls, incidents, and who runs the site.

Each change is an event of the audit log and leaves a version that can be read later. All but maintainers see what is
public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, SitePage, SitePageVersion
from opendata.domain.moments import read_day
from opendata.domain.site.calls import CallState, find_call_state
from opendata.domain.site.kinds import PageKind
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.services.core.access import where_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.governance.site.files import complete_files
from opendata.services.governance.site.reading import read_page
from opendata.services.governance.site.values import PageVersionView, PageView
from opendata.storage.store import site_page_key

IDENTITY_ID = "site"
"""The only page of its kind."""

_MOST_PAGES = 1000
"""So many pages of a kind are kept: the lists aren't cut into parts."""

_LAST_PLACE = 9999


_OF = SitePage.__table__.c
_USED = select(_OF.kind).where(_OF.kind.in_(bindparam("kinds", expanding=True)), _OF.is_public).distinct()
_ALL = select(SitePage).where(SitePage.kind == bindparam("kind")).order_by(SitePage.position, SitePage.created)
_PUBLIC = _ALL.where(SitePage.is_public)


class Pages:
    """Keeps the pages of the site."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.identity_changes = 0  # how often this process has changed who runs the site

    def list(self, actor: Actor | None, kind: PageKind) -> Sequence[PageView]:
        """The pages of a kind in their order; incidents and calls begin with the newest."""
        query = _ALL if _sees_all(actor) else _PUBLIC
        with self._context.read() as session:
            views = [self._view(row) for row in session.scalars(query, {"kind": kind})]
        begins = {PageKind.CALL: "begins", PageKind.INCIDENT: "begun"}.get(kind)
        if begins:
            views.sort(key=lambda view: (view.data[begins], view.created), reverse=True)
        return views

    def list_used(self, kinds: Sequence[PageKind]) -> Sequence[PageKind]:
        """Those of some kinds that have public pages, in this order."""
        with self._context.read() as session:
            found = set(session.scalars(_USED, {"kinds": list(kinds)}))
        return [kind for kind in kinds if kind in found]

    def find(self, kind: PageKind, page: str) -> PageView | None:
        """A page as anybody sees it, None if it doesn't exist."""
        with self._context.read() as session:
            row = session.get(SitePage, (kind, page))
            return self._view(row) if row is not None and row.is_public else None

    def get(self, actor: Actor | None, kind: PageKind, page: str) -> PageView:
        """A page. Raises `NotFoundError` if this reader may see no such page."""
        with self._context.read() as session:
            return self._view(_find(session, actor, kind, page))

    def list_versions(self, actor: Actor | None, kind: PageKind, page: str) -> Sequence[PageVersionView]:
        """A page as it was after each change, the newest first; readers get those that were public.

        Raises `NotFoundError`.
        """
        query = select(SitePageVersion).where(SitePageVersion.kind == kind, SitePageVersion.id == page)
        if not _sees_all(actor):
            query = query.where(SitePageVersion.is_public)
        with self._context.read() as session:
            _find(session, actor, kind, page)
            return [
                PageVersionView(revision=row.revision, at=row.at, data=row.data, is_public=row.is_public)
                for row in session.scalars(query.order_by(SitePageVersion.revision.desc()))
            ]

    def put(
        self,
        actor: Actor | None,
        kind: PageKind,
        page: str,
        found: Mapping[str, Any],
        *,
        is_public: bool = True,
        position: int | None = None,
    ) -> tuple[PageView, bool]:
        """Make or change a page; what it is now, and whether it is new. Without an id it is made from the title.

        Raises `InvalidMetadataError`, `NotPermittedError`, `StateError` where there are too many.
        """
        actor = require_maintainer(actor)
        settings = self._context.settings
        data = read_page(kind, found, settings.languages[1:], ZoneInfo(settings.timezone))
        with self._context.write() as session:
            data = complete_files(session, data)
            _require_known(session, data)
            if kind == PageKind.IDENTITY:
                page, is_public = IDENTITY_ID, True
            page = page or self._choose_id(session, kind, data["title"])
            wrong = find_identifier_fault("/id", page)
            if wrong is not None:
                raise InvalidMetadataError(faults=[wrong])
            row = session.get(SitePage, (kind, page), with_for_update=True)
            is_new = row is None
            if row is None:
                row = self._add(session, kind, page)
            place = row.position if position is None else min(max(position, 0), _LAST_PLACE)
            changed = _list_changes(row.data, data)
            if is_new or changed or row.is_public != is_public:
                self._change(session, row, data, is_public=is_public)
                details = {"properties": changed, "public": is_public, "revision": row.revision}
                self._context.log(session, actor, "create" if is_new else "update", f"site-{kind}", page, **details)
            elif row.position != place:
                self._context.log(session, actor, "update", f"site-{kind}", page, properties=["position"])
            row.position = place
            session.flush()
            view = self._view(row)
        self.identity_changes += kind == PageKind.IDENTITY
        return view, is_new

    def delete(self, actor: Actor | None, kind: PageKind, page: str) -> None:
        """Delete a page. What it said stays in its versions. Raises `NotFoundError`, `NotPermittedError`."""
        actor = require_maintainer(actor)
        with self._context.write() as session:
            row = _find(session, actor, kind, page)
            session.delete(row)
            self._context.log(session, actor, "delete", f"site-{kind}", page)

    def _add(self, session: Session, kind: PageKind, page: str) -> SitePage:
        if (session.scalar(select(func.count()).where(SitePage.kind == kind)) or 0) >= _MOST_PAGES:
            raise StateError(N_("There are %(limit)s pages of this kind. Delete one first"), limit=_MOST_PAGES)
        newest = select(func.max(SitePageVersion.revision))
        last = session.scalar(newest.where(SitePageVersion.kind == kind, SitePageVersion.id == page))
        now = self._context.now()
        highest = session.scalar(select(func.max(SitePage.position)).where(SitePage.kind == kind))
        row = SitePage(kind=kind, id=page, data={}, revision=last or 0, created=now, modified=now, is_public=False)
        row.position = min((highest or 0) + 1, _LAST_PLACE)
        session.add(row)
        return row

    def _change(self, session: Session, row: SitePage, data: Mapping[str, Any], *, is_public: bool) -> None:
        now = self._context.now()
        row.data, row.is_public, row.modified = dict(data), is_public, now
        row.revision += 1
        while self._context.public.has_record(site_page_key(row.kind, row.id, row.revision)):
            row.revision += 1  # the store is newer than this database
        if is_public:
            row.published = now
        session.add(
            SitePageVersion(kind=row.kind, id=row.id, revision=row.revision, data=row.data, is_public=is_public, at=now)
        )

    def _choose_id(self, session: Session, kind: PageKind, title: str) -> str:
        taken = set(session.scalars(select(SitePage.id).where(SitePage.kind == kind)))
        return suggest_identifier(title, taken=taken)

    def _view(self, row: SitePage) -> PageView:
        view = PageView(
            kind=row.kind,
            id=row.id,
            data=row.data,
            position=row.position,
            is_public=row.is_public,
            revision=row.revision,
            created=row.created,
            modified=row.modified,
            published=row.published,
        )
        return replace(view, state=self._find_state(row.data)) if row.kind == PageKind.CALL else view

    def _find_state(self, data: Mapping[str, Any]) -> CallState:
        zone = ZoneInfo(self._context.settings.timezone)
        return find_call_state(
            self._context.clock().astimezone(zone).date(),
            date.fromisoformat(data["begins"]),
            date.fromisoformat(data["ends"]),
            read_day(data.get("decided")),
            has_results=bool(data.get("results")),
        )


def _sees_all(actor: Actor | None) -> bool:
    return actor is not None and actor.may_oversee


def _find(session: Session, actor: Actor | None, kind: PageKind, page: str) -> SitePage:
    row = session.get(SitePage, (kind, page)) if find_identifier_fault("", page) is None else None
    if row is None or not (row.is_public or _sees_all(actor)):
        raise NotFoundError(N_("There is no page “%(id)s” here"), id=page[:100])
    return row


def _list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Sequence[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _require_known(session: Session, data: Mapping[str, Any]) -> None:
    """Raises `InvalidMetadataError` for a dataset that isn't public and for a publisher that doesn't exist."""
    faults: list[Fault] = []
    for name, query, text in (
        ("datasets", select(Dataset.id).where(where_listed()), N_("There is no public dataset “%(id)s”")),
        ("publishers", select(Publisher.id), N_("There is no publisher “%(id)s”")),
    ):
        wanted = data.get(name) or []
        column = Dataset.id if name == "datasets" else Publisher.id
        known = set(session.scalars(query.where(column.in_(wanted)))) if wanted else set()
        faults += [fault(f"/{name}", text, id=item[:100]) for item in wanted if item not in known]
    if faults:
        raise InvalidMetadataError(faults=faults)
