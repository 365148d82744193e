"""A version of old restored as a new one: a draft with the tables it had, through the same checks as any other."""

from __future__ import annotations

from contextlib import ExitStack

from opendata.services.actors import Actor
from opendata.services.drafts import Drafts
from opendata.services.intake import ResourceOption, UploadedFile
from opendata.services.values import DraftView
from opendata.services.versions import Versions


class Restoring:
    """Makes drafts of versions that stand."""

    def __init__(self, drafts: Drafts, versions: Versions) -> None:
        self._drafts = drafts
        self._versions = versions

    def restore(self, actor: Actor | None, dataset: str, version: str, *, notes: str = "") -> DraftView:
        """A draft whose tables are those of a version, byte by byte; tables that came later are dropped in it.

        Raises `NotFoundError`, `WithdrawnError`, `NotPermittedError`.
        """
        old = self._versions.get_manifest(dataset, version)
        newest = self._versions.get_manifest(dataset, self._versions.find_latest(dataset))
        tables = [item for item in old["resources"] if item.get("schema")]
        options = [
            ResourceOption(
                file=f"{item['name']}.csv",
                name=item["name"],
                schema=item["schema"],
                title=item.get("title", ""),
                description=item.get("description", ""),
                i18n=item["opendata"].get("i18n"),
                choices={"exact": True},
            )
            for item in tables
        ]
        with ExitStack() as opened:
            files = [
                UploadedFile(
                    f"{item['name']}.csv",
                    opened.enter_context(
                        self._versions.find_file(dataset, version, item["name"], "csv").path.open("rb")
                    ),
                )
                for item in tables
            ]
            draft, _ = self._drafts.create(actor, dataset, files, options, notes=notes)
        kept = {item["name"] for item in tables}
        for item in newest["resources"]:
            if item["name"] not in kept:
                draft = self._drafts.drop_resource(actor, draft.id, item["name"])
        return draft
