"""The page of one version: data dictionary, first rows, digests, how to cite."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from opendata.metadata.citation import write_sentence
from opendata.web.catalogue.profiles import list_profiles
from opendata.web.catalogue.snippets import build_snippets
from opendata.web.catalogue.tables import build_preview
from opendata.web.core.instance import services
from opendata.web.delivery.citations import cite

blueprint = Blueprint("version_pages", __name__)

PREVIEW_ROWS = 20
PREVIEWED_TABLES = 20


@blueprint.get("/datasets/<dataset>/<version>/")
def show_version(dataset: str, version: str) -> str:
    """A version with each of its tables."""
    versions = services().versions
    entry = services().datasets.get(dataset, g.actor)
    found, manifest = versions.get(dataset, version), versions.get_manifest(dataset, version)
    shown = manifest.tables[:PREVIEWED_TABLES] if entry.is_open else ()
    previews = {
        item.name: build_preview(item, versions.read_rows(dataset, version, item.name, PREVIEW_ROWS)) for item in shown
    }
    return render_template(
        "catalogue/version.html",
        dataset=dataset,
        version=found,
        manifest=manifest,
        tables=manifest.tables,
        attachments=manifest.attachments,
        previews=previews,
        profiles={item.name: list_profiles(versions.get_profile(dataset, version, item.name)) for item in shown},
        latest=entry.latest,
        parent=entry,
        before=_find_before(dataset, version) if entry.is_open else None,
        errata=[item for item in entry.errata if version in (item["version"], item["successor"])],
        may_edit=g.actor is not None and g.actor.may_edit(entry.publisher.id),
        snippets=build_snippets(dataset, manifest, version) if entry.is_open else (),
        citation=write_sentence(cite(dataset, version)),
    )


def _find_before(dataset: str, version: str) -> str | None:
    """The version to compare with: the one before, unless it was withdrawn."""
    before = services().versions.find_predecessor(dataset, version)
    return before.version if before is not None and before.withdrawal is None else None
