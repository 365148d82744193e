"""The public records of pages that maintainers keep: public versions, files, and which pages there are.

site-pages/{kind}/{id}/{revision}.json   what a page said
site-files/{sha256}.json                 a picture or an attachment, in base64
site-orders/{kind}/{n}.json              the public pages of a kind in their order; the newest edition holds
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import SiteFile, SitePage, SitePageVersion
from opendata.domain.moments import format_time
from opendata.domain.site.kinds import PageKind
from opendata.errors import N_, IntegrityError
from opendata.storage.store import site_file_key, site_page_key

FOLDER, FILES_FOLDER, ORDERS_FOLDER = "site-pages", "site-files", "site-orders"

Page = tuple[PageKind, str, int]
"""Kind, id and revision."""


def list_versions(session: Session) -> Iterator[tuple[Page, Sequence[str]]]:
    """The public versions of pages that are public now, each with the digests of its files."""
    query = (
        select(SitePageVersion)
        .join(SitePage, (SitePage.kind == SitePageVersion.kind) & (SitePage.id == SitePageVersion.id))
        .where(SitePage.is_public, SitePageVersion.is_public)
        .order_by(SitePageVersion.kind, SitePageVersion.id, SitePageVersion.revision)
    )
    for row in session.scalars(query):
        named = [*row.data.get("files", ()), *([row.data["logo"]] if row.data.get("logo") else ())]
        yield (row.kind, row.id, row.revision), [str(item["sha256"]) for item in named]


def list_orders(session: Session) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The kinds that have or had public pages, with the record of each."""
    kinds = session.scalars(select(SitePageVersion.kind).where(SitePageVersion.is_public).distinct())
    found: dict[PageKind, list[Mapping[str, Any]]] = {kind: [] for kind in sorted(kinds)}
    query = select(SitePage.kind, SitePage.id, SitePage.position, SitePage.created).where(SitePage.is_public)
    for kind, page, position, created in session.execute(query.order_by(SitePage.position, SitePage.id)):
        found.setdefault(kind, []).append({"id": page, "position": position, "created": format_time(created)})
    for kind, pages in found.items():
        yield str(kind), {"kind": str(kind), "pages": pages}


def write_page(session: Session, page: Page) -> Mapping[str, Any]:
    """The record of a version of a page."""
    row = session.get_one(SitePageVersion, page)
    return {
        "kind": str(row.kind),
        "id": row.id,
        "revision": row.revision,
        "data": row.data,
        "created": format_time(row.at),
    }


def write_file(session: Session, sha256: str) -> Mapping[str, Any] | None:
    """The record of a file, None where the database doesn't have it."""
    row = session.get(SiteFile, sha256)
    if row is None:
        return None
    content = base64.b64encode(row.content).decode("ascii")
    return {"sha256": sha256, "mediatype": row.mediatype, "content": content, "created": format_time(row.created)}


def restore_page(found: Mapping[str, Any], key: str) -> SitePageVersion:
    """The row that a record describes. Raises `IntegrityError` for another page's, `KeyError`, `ValueError`."""
    kind, page, revision = PageKind(found["kind"]), str(found["id"]), int(found["revision"])
    if key != site_page_key(kind, page, revision):
        raise IntegrityError(N_("This is the record of another page"))
    at = datetime.fromisoformat(found["created"])
    return SitePageVersion(kind=kind, id=page, revision=revision, data=dict(found["data"]), is_public=True, at=at)


def restore_file(found: Mapping[str, Any], key: str) -> SiteFile:
    """The row that a record describes. Raises `IntegrityError` for other bytes, `KeyError`, `ValueError`."""
    content = base64.b64decode(found["content"], validate=True)
    sha256 = hashlib.sha256(content).hexdigest()
    if key != site_file_key(sha256) or found["sha256"] != sha256:
        raise IntegrityError(N_("This is the record of another file"))
    return SiteFile(
        sha256=sha256,
        mediatype=str(found["mediatype"]),
        size=len(content),
        content=content,
        created=datetime.fromisoformat(found["created"]),
    )


def restore_order(session: Session, found: Mapping[str, Any], kind: str) -> Sequence[str]:
    """Add the public pages of a kind as their newest versions say; those of which no version was restored.

    Raises `IntegrityError` for another kind's record, `KeyError`, `ValueError`.
    """
    if found["kind"] != kind:
        raise IntegrityError(N_("This is the record of another page"))
    lost = []
    for item in found["pages"]:
        page, created = str(item["id"]), datetime.fromisoformat(item["created"])
        if session.get(SitePage, (PageKind(kind), page)) is not None:
            continue
        versions = select(SitePageVersion).where(SitePageVersion.kind == PageKind(kind), SitePageVersion.id == page)
        newest = session.scalars(versions.order_by(SitePageVersion.revision.desc()).limit(1)).first()
        if newest is None:
            lost.append(page)
            continue
        session.add(
            SitePage(
                kind=newest.kind,
                id=page,
                data=newest.data,
                position=int(item["position"]),
                is_public=True,
                revision=newest.revision,
                created=created,
                modified=newest.at,
                published=newest.at,
            )
        )
    return lost
