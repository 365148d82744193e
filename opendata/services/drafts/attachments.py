"""Attachments of a next version: under which names files accompany its tables, and what else these names stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.manifest import Manifest
from opendata.domain.resources import Attachment, Resource, StoredFile
from opendata.domain.texts import I18n
from opendata.errors import N_, Fault, StateError, fault
from opendata.intake.attachments import AttachmentForm
from opendata.metadata.attachments import make_distinct, make_file_name, make_title
from opendata.metadata.identifiers import suggest_identifier

MOST_ATTACHMENTS = 100


class Places:
    """The names a next version has given away: those of its tables, and those of its attachments with their files.

    `manifest` is that of the version before, `dropped` what is left out of it, `tables` and `attachments` are the
    draft's own.
    """

    def __init__(
        self,
        manifest: Manifest | None,
        *,
        dropped: Iterable[str] = (),
        tables: Iterable[str] = (),
        attachments: Iterable[DraftAttachment] = (),
    ) -> None:
        carried = list_carried(manifest, dropped)
        self._before = {item.name: item for item in carried if isinstance(item, Attachment)}
        self._tables = {*tables, *(item.name for item in carried if not isinstance(item, Attachment))}
        self._own = {item.name: item.filename.casefold() for item in attachments}

    @property
    def attachments(self) -> set[str]:
        """The names of attachments, the draft's own and those before."""
        return {*self._own, *self._before}

    @property
    def has_table(self) -> bool:
        """Whether there is anything to attach files to."""
        return bool(self._tables)

    def find_fault(self, pointer: str, name: str | None) -> Fault | None:
        """Why a new attachment must not have this name, or None."""
        if name in self._tables:
            return fault(
                pointer, N_("“%(name)s” is already the name of a table. Give the attachment another name"), name=name
            )
        if name in self._own:
            return fault(pointer, N_("Two files are named “%(name)s”"), name=name)
        return None

    def take(
        self,
        file: str,
        form: AttachmentForm,
        *,
        name: str | None = None,
        title: str = "",
        description: str = "",
        i18n: I18n | None = None,
        disclosure: str | None = None,
    ) -> dict[str, Any]:
        """The row of a new attachment, which replaces the one before it of the same name or file."""
        filename = make_file_name(file, form.endings)
        found = name or self._find_before(filename) or self._suggest(filename, form)
        before = self._before.get(found)
        others = {item.filename.casefold() for key, item in self._before.items() if key != found}
        filename = make_distinct(filename, others | set(self._own.values()))
        self._own[found] = filename.casefold()
        is_same = before is not None and before.filename.casefold() == filename.casefold()
        return {
            "name": found,
            "title": title or (before.title if before and is_same else "") or make_title(file, form.endings),
            "description": description or (before.description if before else ""),
            "i18n": dict(i18n or (before.i18n if before else {})),
            "file": file,
            "filename": filename,
            "format": form.format,
            "mediatype": form.mediatype,
            "disclosure": choose_disclosure(disclosure, before),
        }

    def _find_before(self, filename: str) -> str | None:
        for name, item in self._before.items():
            if name not in self._own and item.filename.casefold() == filename.casefold():
                return name
        return None

    def _suggest(self, filename: str, form: AttachmentForm) -> str:
        taken = self._tables | self.attachments
        stem = filename.rpartition(".")[0]
        plain = suggest_identifier(stem, resource=True)
        return suggest_identifier(f"{stem} {form.format}", taken=taken, resource=True) if plain in taken else plain


def choose_disclosure(given: str | None, before: Resource | DraftResource | None) -> str:
    """What is said of a resource, else what its predecessor says: `open` where everybody may have it, or nothing."""
    return given if given is not None else before.disclosure if before is not None else ""


def list_carried(manifest: Manifest | None, dropped: Iterable[str]) -> Sequence[Resource]:
    """The resources of a version but for those that are dropped; none where there is no version."""
    gone = set(dropped)
    return [item for item in (manifest.resources if manifest else ()) if item.name not in gone]


def require_sound_names(row: Draft, manifest: Manifest | None) -> None:
    """Raises `StateError` if a draft can't become the version after this one, which may be newer than its base."""
    carried = list_carried(manifest, row.dropped)
    tables, files = {item.name for item in row.resources}, {item.name: item.filename for item in row.attachments}
    attachments = [item for item in carried if isinstance(item, Attachment)]
    if not tables and len(attachments) == len(carried):
        raise StateError(N_("The draft has no table. Attachments alone can't become a version"))
    for item in carried:
        if item.name in (tables if isinstance(item, Attachment) else files):
            both = N_("A table and an attachment are both called “%(name)s”. Drop one of them")
            raise StateError(both, name=item.name)
    others = {item.filename.casefold() for item in attachments if item.name not in files}
    twice = next((name for name in files.values() if name.casefold() in others), None)
    if twice:
        raise StateError(N_("Two attachments are called “%(name)s”. Drop one of them"), name=twice)


def make_attachment(item: DraftAttachment) -> Attachment:
    """An attachment as a resource of the manifest."""
    return Attachment(
        name=item.name,
        filename=item.filename,
        format=item.format,
        mediatype=item.mediatype,
        file=StoredFile(item.upload, item.upload_bytes),
        title=item.title,
        description=item.description,
        i18n=item.i18n,
        disclosure=item.disclosure,
        is_read=item.is_read is not False,
    )
