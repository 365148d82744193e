"""The disclosure column (政府信息公开专栏): four parts, each page with the day of its last change and its history."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_, NotFoundError
from opendata.services.governance.site.values import PageView
from opendata.web.core.instance import services
from opendata.wording.governance.site import KIND_NAMES, KIND_PURPOSES

blueprint = Blueprint("site_disclosure", __name__)

_PART = f"/disclosure/<any({','.join(PARTS)}):part>"


@blueprint.get(_PART)
def show_part(part: str) -> str:
    """The pages of a part; where it has one only, that page."""
    kind = PageKind(part)
    found = services().pages.list(g.actor, kind)
    reports = services().annual_reports.list_published(publisher="") if kind == PageKind.REPORT else ()
    has_more = kind == PageKind.REPORT and bool(services().annual_reports.list_published())
    has_operation = kind == PageKind.REPORT and bool(services().operation_reports.list_published())
    if not found and not has_more and not has_operation and not _is_maintainer():
        raise NotFoundError(N_("Nothing is published here yet"))
    if len(found) == 1 and found[0].is_public and not has_more and not has_operation:
        return _render(kind, found[0])
    return render_template(
        "governance/site/part.html",
        kind=kind,
        **_name(kind),
        pages=found,
        reports=reports,
        has_more=has_more,
        has_operation=has_operation,
    )


@blueprint.get(f"{_PART}/<page>")
def show_page(part: str, page: str) -> str:
    """A page, as it is now or with `?revision=` as it was."""
    kind = PageKind(part)
    found = services().pages.get(g.actor, kind, page)
    wanted = request.args.get("revision", type=int)
    if wanted is None:
        return _render(kind, found)
    versions = services().pages.list_versions(g.actor, kind, page)
    old = next((item for item in versions if item.revision == wanted), None)
    if old is None:
        raise NotFoundError(N_("This page has no such version"))
    return render_template("governance/site/page.html", kind=kind, **_name(kind), page=found, old=old, shown=old.data)


@blueprint.get(f"{_PART}/<page>/history")
def show_history(part: str, page: str) -> str:
    """The versions of a page."""
    kind = PageKind(part)
    found = services().pages.get(g.actor, kind, page)
    versions = services().pages.list_versions(g.actor, kind, page)
    return render_template("governance/site/history.html", kind=kind, **_name(kind), page=found, versions=versions)


def _render(kind: PageKind, page: PageView) -> str:
    return render_template("governance/site/page.html", kind=kind, **_name(kind), page=page, old=None, shown=page.data)


def _name(kind: PageKind) -> dict[str, str]:
    return {"part_name": KIND_NAMES[kind], "part_purpose": KIND_PURPOSES[kind]}


def _is_maintainer() -> bool:
    return g.actor is not None and g.actor.is_maintainer
