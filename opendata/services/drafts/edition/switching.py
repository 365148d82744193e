"""What a person says about the edition that a draft's table is: another mode, another table, or that it is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import object_session

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.modes import EditionJson, Mode
from opendata.domain.manifest import Manifest
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.metadata.identifiers import suggest_identifier
from opendata.services.core.actors import Actor
from opendata.services.drafts.draft_view import list_choices
from opendata.services.drafts.edition.recognising import adopt, find_table
from opendata.services.drafts.readings import remember_choices

CHANGES = frozenset({"mode", "target", "repeats"})
"""The changes of a table that are about its edition."""


def switch_edition(
    row: Draft, resource: DraftResource, manifest: Manifest | None, changes: Mapping[str, Any], actor: Actor
) -> bool:
    """Follow what a person says; whether the table must be checked again.

    `changes` has any of `mode`, `target` (the name of a published table, None for a table of its own) and `repeats`.
    To say again what is so already confirms it. Raises `InvalidMetadataError`.
    """
    edition: EditionJson = dict(resource.edition or {})  # type: ignore[assignment]  # a copy
    is_published = find_table(manifest, resource.name) is not None
    before = edition.get("mode") or (Mode.REPLACE if is_published else Mode.NEW)
    target = changes.get("target", resource.name if is_published else None)
    mode = changes.get("mode") or (before if target and before != Mode.NEW else Mode.REPLACE if target else Mode.NEW)
    if mode == Mode.NEW or target is None:
        mode, target = Mode.NEW, None
    is_moved = _move(row, resource, manifest, target)
    repeats = changes.get("repeats", edition.get("repeats", False))
    is_same = not is_moved and mode == before and repeats == edition.get("repeats", False)
    edition |= {"mode": mode, "wanted": mode, "by": actor.name, "asks": False}
    if "repeats" in changes:
        edition["repeats"] = repeats
    resource.edition = edition
    if edition.get("renamed") and mode != Mode.NEW:
        remember_choices(row.dataset, resource.name, row.id, list_choices(resource) or {})
    return not is_same


def _move(row: Draft, resource: DraftResource, manifest: Manifest | None, target: str | None) -> bool:
    """Make a table of a draft an edition of another published table, or none of any; whether it was something else."""
    is_published = find_table(manifest, resource.name) is not None
    if target == resource.name or (target is None and not is_published):
        return False
    others = {item.name for item in row.resources if item is not resource} | {item.name for item in row.attachments}
    known = {item.name for item in (manifest.resources if manifest else ())}
    resource.changes = None
    row.privacy = [item for item in row.privacy if item["resource"] != resource.name]
    if target is None:
        stem = resource.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        resource.name = suggest_identifier(stem, taken=others | known, resource=True)
        _forget_table(resource)
        return True
    table = find_table(manifest, target)
    if table is None or target in row.dropped:
        text = N_("The last version has no table “%(name)s”")
        raise InvalidMetadataError(faults=[fault("/target", text, name=target[:100])])
    if target in others:
        text = N_("Another file of this draft is for the table “%(name)s” already. Send this one with the next draft")
        raise InvalidMetadataError(faults=[fault("/target", text, name=target)])
    session = object_session(row)
    if session is not None:
        _forget_table(resource)
        adopt(session, row, resource, table)
    return True


def _forget_table(resource: DraftResource) -> None:
    """Forget what a table had from the published one that it was taken for."""
    resource.schema, resource.schema_name = None, ""
    resource.title, resource.description, resource.i18n, resource.disclosure = "", "", {}, ""
    resource.choices = resource.decisions = resource.recipe = None
    resource.meaning = {"found": (resource.meaning or {}).get("found") or {}} if resource.meaning else None
    edition: EditionJson = {**(resource.edition or {"wanted": Mode.NEW})}
    for name in ("renamed", "guessed", "figures", "part", "whole"):
        edition.pop(name, None)  # type: ignore[misc]
    resource.edition = edition
