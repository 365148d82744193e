"""The page of one version: data dictionary, first rows, digests, how to cite."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, g
from werkzeug.wrappers import Response

from opendata.domain.profile import ColumnProfile
from opendata.errors import NotPublicError
from opendata.metadata.citation import write_sentence
from opendata.web.catalogue.abilities import list_abilities
from opendata.web.catalogue.inside import list_joins
from opendata.web.catalogue.profiles import list_profiles
from opendata.web.catalogue.snippets import build_snippets
from opendata.web.catalogue.tables import build_preview
from opendata.web.core.instance import services
from opendata.web.core.markdown import add_markdown, render_page
from opendata.web.core.readers import read_once
from opendata.web.delivery.citations import cite

blueprint = Blueprint("version_pages", __name__)

PREVIEW_ROWS = 20
PREVIEWED_TABLES = 20
JOINED_TABLES = 5
"""Of this many tables the page says what they can be joined with; the page of each other table says it."""
EXPLAINED_TABLES = 5
"""Of so many tables the page says what can be done with them; of the others REST does."""


@blueprint.get("/datasets/<dataset>/<version>/")
@read_once
def show_version(dataset: str, version: str) -> Response:
    """A version with each of its tables."""
    versions = services().versions
    entry = services().datasets.get(dataset, g.actor)
    found, manifest = versions.get(dataset, version), versions.get_manifest(dataset, version)
    readable = versions.list_readable(g.actor, dataset, version)
    shown = manifest.tables[:PREVIEWED_TABLES]
    previews = {
        item.name: build_preview(item, versions.read_rows(dataset, version, item.name, PREVIEW_ROWS, g.actor))
        for item in shown
        if item.name in readable
    }
    is_whole = len(readable) == len(manifest.resources)
    return render_page(
        "catalogue/version.html",
        dataset=dataset,
        version=found,
        manifest=manifest,
        tables=manifest.tables,
        attachments=manifest.attachments,
        previews=previews,
        profiles={item.name: list_profiles(_read_profile(dataset, version, item.name)) for item in shown},
        joins={item.name: list_joins(dataset, version, item.name) for item in shown[:JOINED_TABLES]},
        readable=readable,
        capabilities={
            item.name: list_abilities(dataset, version, item.name, g.actor) for item in shown[:EXPLAINED_TABLES]
        },
        is_whole=is_whole,
        latest=entry.latest,
        parent=entry,
        before=_find_before(dataset, version) if is_whole else None,
        errata=[item for item in entry.errata if version in (item["version"], item["successor"])],
        mending=services().requests.board.list_mending(entry.uuid, version),
        may_edit=g.actor is not None and g.actor.may_edit(entry.publisher.id),
        snippets=build_snippets(dataset, manifest, versions.list_readable(None, dataset, version)),
        registrations=[item for item in services().registrations.list_public(dataset) if item.version == found.version],
        citation=write_sentence(cite(dataset, version)),
    )


add_markdown(blueprint, {"/datasets/<dataset>/<version>/index.md": show_version})


def _read_profile(dataset: str, version: str, resource: str) -> Sequence[ColumnProfile]:
    """What is in the columns of a table; nothing where that isn't for the reader."""
    try:
        return services().versions.get_profile(dataset, version, resource, g.actor)
    except NotPublicError:
        return ()


def _find_before(dataset: str, version: str) -> str | None:
    """The version to compare with: the one before, unless it was withdrawn."""
    before = services().versions.find_predecessor(dataset, version)
    return before.version if before is not None and before.is_standing else None
