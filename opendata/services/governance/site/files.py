"""Files of pages: a logo, and attachments (PDF and XLSX). They are checked, and kept by their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import SiteFile, SitePage, SitePageVersion
from opendata.errors import N_, InputError, NotFoundError, OpendataError, TooLargeError
from opendata.intake.kind.kinds import detect_kind
from opendata.outside.scanner import find_scanner
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.governance.site.pictures import clean_picture
from opendata.services.governance.site.values import SiteFileView

MOST_BYTES = 20 * 1000 * 1000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS = {"pdf": ("application/pdf", ".pdf"), "xlsx": (_XLSX, ".xlsx")}
_ACTIVE = (b"/JavaScript", b"/Launch", b"/EmbeddedFile")
_MACROS = b"vbaProject.bin"


class SiteFiles:
    """Takes files from maintainers and gives them to everybody."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add_picture(self, actor: Actor | None, name: str, data: bytes) -> Mapping[str, Any]:
        """Keep a logo; how a page names it. Raises `InputError` for what isn't a picture, `NotPermittedError`."""
        found = require_maintainer(actor)
        content, mediatype = clean_picture(data)
        return self._keep(found, name, content, mediatype)

    def add_attachment(self, actor: Actor | None, name: str, data: bytes) -> Mapping[str, Any]:
        """Keep an attachment; how a page names it.

        Raises `InputError` for another kind of file and for one that does something when it is opened, `TooLargeError`,
        `NotPermittedError`, `BackendError` where the virus scanner doesn't answer.
        """
        found = require_maintainer(actor)
        if len(data) > MOST_BYTES:
            raise TooLargeError(
                N_("The file is larger than %(limit)s bytes, the most that this portal accepts"), limit=MOST_BYTES
            )
        with self._context.work_folder() as folder:
            path = folder / "attachment"
            path.write_bytes(data)
            kind = _find_form(path)
            if kind not in _KINDS:
                raise InputError(N_("“%(name)s” is neither a PDF nor an Excel workbook (XLSX)"), name=name[:100])
            if (kind == "pdf" and any(word in data for word in _ACTIVE)) or (kind == "xlsx" and _MACROS in data):
                raise InputError(
                    N_("“%(name)s” has macros, scripts or files in it, which isn't accepted. Save it without them"),
                    name=name[:100],
                )
            self._scan(name, path)
        mediatype, ending = _KINDS[kind]
        stem = name if name.lower().endswith(ending) else f"{name}{ending}"
        return self._keep(found, stem, data, mediatype)

    def get(self, sha256: str) -> SiteFileView:
        """A file. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = session.get(SiteFile, sha256)
            if row is None:
                raise NotFoundError
            return SiteFileView(row.sha256, row.mediatype, row.size, row.content)

    def _scan(self, name: str, path: Path) -> None:
        scanner = find_scanner(self._context.settings.scanner)
        signature = scanner.scan(path) if scanner is not None else ""
        if signature:
            raise InputError(
                N_("The virus scanner found “%(signature)s” in “%(name)s”"), signature=signature, name=name[:100]
            )

    def _keep(self, actor: Actor, name: str, content: bytes, mediatype: str) -> Mapping[str, Any]:
        sha256 = hashlib.sha256(content).hexdigest()
        with self._context.write() as session:
            if session.get(SiteFile, sha256) is None:
                now = self._context.now()
                session.add(
                    SiteFile(sha256=sha256, mediatype=mediatype, size=len(content), content=content, created=now)
                )
                self._context.log(session, actor, "add-file", "site-file", sha256, mediatype=mediatype)
        return {"sha256": sha256, "name": name[-150:], "mediatype": mediatype, "size": len(content)}


def complete_files(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a page with what is known of each file that they name. Raises `InputError` for an unknown one."""
    named = [*data.get("files", ()), *([data["logo"]] if data.get("logo") else ())]
    if not named:
        return dict(data)
    query = select(SiteFile.sha256, SiteFile.mediatype, SiteFile.size)
    known = {row.sha256: row for row in session.execute(query.where(SiteFile.sha256.in_(_digests(named))))}
    done = dict(data)
    if "files" in data:
        done["files"] = [_complete(item, known, is_picture=False) for item in data["files"]]
    if "logo" in data:
        done["logo"] = _complete(data["logo"], known, is_picture=True)
    return done


def forget_unused(session: Session, before: datetime) -> int:
    """Delete the files from before a time that no page names, not even in its history; how many."""
    used: set[str] = set()
    for model in (SitePage, SitePageVersion):
        for data in session.scalars(select(model.data)):
            used |= set(_digests([*data.get("files", ()), *([data["logo"]] if data.get("logo") else ())]))
    old = select(SiteFile.sha256).where(SiteFile.created < before)
    gone = [sha256 for sha256 in session.scalars(old) if sha256 not in used]
    session.execute(delete(SiteFile).where(SiteFile.sha256.in_(gone)))
    return len(gone)


def _complete(item: Mapping[str, Any], known: Mapping[str, Any], *, is_picture: bool) -> dict[str, Any]:
    row = known.get(item["sha256"])
    if row is None or row.mediatype.startswith("image/") is not is_picture:
        raise InputError(N_("There is no such file: %(sha256)s. Send it first"), sha256=item["sha256"])
    return {"sha256": row.sha256, "name": item.get("name") or "", "mediatype": row.mediatype, "size": row.size}


def _digests(items: Iterable[Mapping[str, Any]]) -> list[str]:
    return [item["sha256"] for item in items]


def _find_form(path: Path) -> str:
    try:
        return detect_kind(path).form
    except (OpendataError, OSError):
        return ""
