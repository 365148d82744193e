"""A version of old restored as a new one: a draft with the tables it had, through the same checks as any other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from opendata.domain.privacy import Treatment
from opendata.domain.resources import Attachment, TableResource
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.intake import ResourceOption
from opendata.services.privacy.gate import BY
from opendata.services.uploads.upload_values import UploadedFile

_CHANGING_NOTHING = (Treatment.PUBLISH, Treatment.NOT_PERSONAL)


class Restoring:
    """Makes drafts of versions that aren't withdrawn."""

    def __init__(self, drafts: Drafts, versions: Versions) -> None:
        self._drafts = drafts
        self._versions = versions

    def restore(self, actor: Actor | None, dataset: str, version: str) -> DraftView:
        """A draft whose tables and attachments are those of a version, byte by byte; what came later is dropped in it.

        What was done about personal data isn't done once more.

        Raises `NotFoundError`, `WithdrawnError`, `NotPermittedError`.
        """
        self._drafts.require_author(actor, dataset)
        old = self._versions.get_manifest(dataset, version)
        tables, attachments = old.tables, old.attachments
        kept = [_choose_decisions(item, self._drafts.find_decisions(dataset, item.name)) for item in tables]
        options = [*map(_describe_table, tables, kept), *map(_describe_attachment, attachments)]
        served = [
            *(self._versions.find_file(dataset, version, item.name, "csv", actor) for item in tables),
            *(self._versions.find_attachment(dataset, version, item.filename, actor) for item in attachments),
        ]
        with ExitStack() as opened:
            files = [
                UploadedFile(option.file, opened.enter_context(file.open()))
                for option, file in zip(options, served, strict=True)
            ]
            draft, _ = self._drafts.create(actor, dataset, files, options, keeps=())
        return draft


def _choose_decisions(item: TableResource, kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of the kept decisions that a version was published by and that change no values."""
    decided = {
        column["field"]
        for column in (item.privacy or {}).get("columns", ())
        if column["treatment"] in _CHANGING_NOTHING
    }
    columns = [
        column
        for column in kept.get("columns", ())
        if column["field"] in decided and column["treatment"] in _CHANGING_NOTHING
    ]
    return {"columns": columns, **({BY: kept[BY]} if columns and BY in kept else {})}


def _describe_table(item: TableResource, decisions: Mapping[str, Any]) -> ResourceOption:
    return ResourceOption(
        file=item.path,
        type="table",
        name=item.name,
        schema=item.schema.descriptor,
        title=item.title,
        description=item.description,
        i18n=item.i18n or None,
        disclosure=item.disclosure,
        choices={"exact": True},
        no_rows=item.rows == 0,
        decisions=decisions,
        meaning=item.meaning.say_all(),
        is_restored=True,
    )


def _describe_attachment(item: Attachment) -> ResourceOption:
    return ResourceOption(
        file=item.filename,
        type="attachment",
        name=item.name,
        title=item.title,
        description=item.description,
        i18n=item.i18n or None,
        disclosure=item.disclosure,
    )
