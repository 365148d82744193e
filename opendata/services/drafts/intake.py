"""Intake: what a sender says about files becomes a plan for each, and their bytes go into the private store.

Everything that can be refused before the bytes are read is refused here; what is wrong inside a table is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.beginning import begin_edition, find_mode_fault
from opendata.domain.editions.modes import AUTO, Mode
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.texts import I18n
from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    UnsupportedFormatError,
    fault,
)
from opendata.intake.attachments import ACCEPTED, NO_ATTACHMENT, NOT_ALONE, AttachmentForm, find_form
from opendata.intake.kind.kinds import detect_kind
from opendata.intake.opening import NO_TABLE
from opendata.intake.understanding import read_choices
from opendata.metadata.identifiers import find_identifier_fault
from opendata.privacy.treatments.parsing import require_shape
from opendata.services.catalogue.schemas import resolve_schema
from opendata.services.core.context import Context
from opendata.services.core.once import Once
from opendata.services.drafts.attachments import MOST_ATTACHMENTS, Places, choose_disclosure
from opendata.services.drafts.draft_view import NO_ROWS
from opendata.services.drafts.meaning.names import choose_name, read_stem
from opendata.services.drafts.meaning.said import read_said
from opendata.services.privacy.gate import NOTES, RESTORED
from opendata.services.uploads.upload_values import UploadedFile
from opendata.tables.text.dialect import read_dialect

MAX_FILES = 100
RESOURCE_TYPES = ("table", "attachment")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceOption:
    """What the sender says about a file. `schema` is a name of the library, a Table Schema, or None: as last time.

    `type` is one of `RESOURCE_TYPES`, or None: as the bytes tell. `no_rows` says that the table has none this time.
    `disclosure` is `open` where everybody may have the resource although the dataset isn't open, `decisions` are those
    about personal data; None of either: as last time. `meaning` is what is said of the table as a whole.
    `is_restored` says that the file has the published rows of an earlier version. `mode` says what its rows are to the
    published table: a `Mode`, or `AUTO`. `repeats` says that rows without a key are added although the table has them
    already.
    """

    file: str
    type: str | None = None
    name: str | None = None
    schema: str | Mapping[str, Any] | None = None
    schema_name: str = ""
    dialect: Mapping[str, Any] | None = None
    encoding: str | None = None
    title: str = ""
    description: str = ""
    i18n: I18n | None = None
    choices: Mapping[str, Any] | None = None
    disclosure: str | None = None
    no_rows: bool = False
    decisions: Mapping[str, Any] | None = None
    is_restored: bool = False
    meaning: Mapping[str, Any] | None = None
    mode: str | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What comes for the next version: files, their options, notes; `once` identifies a request sent again.

    `keeps` names the resources of the version before that may be carried over; the others are dropped. None: all may.
    """

    files: Sequence[UploadedFile]
    options: Sequence[ResourceOption] = ()
    notes: str = ""
    keeps: Collection[str] | None = None
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """The rows of a draft's own tables and attachments, their bytes in the private store."""

    tables: Sequence[dict[str, Any]]
    attachments: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose bytes are kept. `place` points to what was said about it; without a `form` it is a table."""

    place: str
    option: ResourceOption
    rules: Mapping[str, Any]
    blob: Mapping[str, Any]
    form: AttachmentForm | None


class Intake:
    """Plans and receives the files of a draft."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def keep(self, files: Sequence[UploadedFile], options: Sequence[ResourceOption]) -> Sequence[KeptFile]:
        """Keep the bytes of files in the private store.

        Everything that can be refused before the bytes are read is; a kind that is neither table nor attachment is
        refused here.
        """
        chosen = _match_options(files, options)
        rules = [self._read_rules(f"/resources/{number}", option) for number, option in enumerate(chosen)]
        kept = []
        for number, (file, option) in enumerate(zip(files, chosen, strict=True)):
            upload, size = self._keep(file)
            with self._context.private.local_copy(upload) as path:
                form = _detect_format(path, option)
            blob = {"file": file.name, "upload": upload, "upload_bytes": size}
            kept.append(KeptFile(f"/resources/{number}", option, rules[number], blob, form))
        return kept

    def place(
        self,
        kept: Sequence[KeptFile],
        manifest: Manifest | None,
        *,
        schemas: Mapping[str, Mapping[str, Any]] | None = None,
        needs_file: bool = True,
    ) -> Received:
        """Make tables of kept files, and attachments of what is to go beside them.

        `manifest` is that of the version before, `schemas` are those kept for the next files of tables.
        `needs_file` says that the first version needs one; otherwise a draft without can publish the entry in the
        catalogue alone. Raises `InvalidMetadataError`, and
        `UnsupportedFormatError` where there is no table to attach files to.
        """
        if not kept and manifest is None and needs_file:
            raise InvalidMetadataError(faults=[fault("/file", N_("The first version needs a file"))])
        before = {item.name: item for item in (manifest.tables if manifest else ())}
        tables = self._place_tables(kept, before, Places(manifest), schemas or {}, before)
        places = Places(manifest, tables=[row["name"] for row in tables])
        return Received(tables, self._place_attachments(kept, places))

    def place_in(self, kept: Sequence[KeptFile], manifest: Manifest | None, row: Draft) -> Received:
        """Make tables and attachments of files that come into a draft: corrected ones, and more.

        What isn't said of a table is as it was in the draft, else as in the version before. A file without a name
        becomes the draft's table where that has but one. Raises as `place` does.
        """
        if not kept:
            raise InvalidMetadataError(faults=[fault("/file", N_("Choose a file"))])
        sent = {one.option.file for one in kept} | {one.option.name for one in kept}
        beside = [one for one in row.attachments if not sent & {one.file, one.name}]
        before: dict[str, TableResource | DraftResource] = {}
        before |= {item.name: item for item in (manifest.tables if manifest else ())}
        before |= {own.name: own for own in row.resources}
        own = {one.name for one in row.resources}
        schemas = {name: kept for name, kept in (row.dataset.schemas or {}).items() if name not in own}
        named = _name_only_table(kept, row)
        published = {item.name for item in (manifest.tables if manifest else ())}
        tables = self._place_tables(named, before, Places(manifest, attachments=beside), schemas, published)
        autos = {item.option.name for item in named if item.option.mode == AUTO}
        for table in tables:
            if table["name"] in autos & own:  # the name is the draft's, and says nothing about the mode
                table["edition"] = {"wanted": AUTO}
        names = own.union(table["name"] for table in tables)
        places = Places(manifest, dropped=row.dropped, tables=names, attachments=beside)
        return Received(tables, self._place_attachments(kept, places))

    def _place_tables(
        self,
        kept: Sequence[KeptFile],
        before: Mapping[str, TableResource | DraftResource],
        places: Places,
        schemas: Mapping[str, Mapping[str, Any]],
        published: Collection[str],
    ) -> list[dict[str, Any]]:
        """The rows of tables, each with what is not said of it as it was `before`; `published` names those before."""
        attachments = places.attachments
        rows: dict[str, dict[str, Any]] = {}
        faults: list[Fault] = []
        stems = [read_stem(item.option.file) for item in kept if not item.option.name]
        for item in kept:
            if item.form is not None:
                continue
            is_new = item.option.mode == Mode.NEW
            known = {*attachments, *(published if is_new else ()), *(rows if item.option.mode else ())}
            stem = read_stem(item.option.file)
            name = item.option.name or choose_name(stem, {} if is_new else before, known, among=stems)
            wrong = find_mode_fault(f"{item.place}/name", item.option.mode, item.option.name, published)
            faults += [wrong] if wrong is not None else []
            if name in rows:
                faults.append(fault(f"{item.place}/name", N_("Two files are named “%(name)s”"), name=name))
            if name in attachments:
                text = N_("“%(name)s” is already the name of an attachment. Give the table another name")
                faults.append(fault(f"{item.place}/name", text, name=name))
            # Which table a nameless file of mode `auto` belongs to, the check finds out; until then it is of none.
            is_open = item.option.mode == AUTO and not item.option.name
            known_as, chosen = (None, None) if is_open else (before.get(name), schemas.get(name))
            rows[name] = {
                **_describe_table(name, item, known_as, chosen, is_published=name in published),
                **item.blob,
            }
        if faults:
            raise InvalidMetadataError(faults=faults)
        return list(rows.values())

    def _place_attachments(self, kept: Sequence[KeptFile], places: Places) -> list[dict[str, Any]]:
        """The rows of attachments. Raises `UnsupportedFormatError` where there is no table to attach them to."""
        rows = []
        faults: list[Fault] = []
        for item in kept:
            option = item.option
            if item.form is None:
                continue
            if not places.has_table:
                with self._context.private.local_copy(item.blob["upload"]) as path:
                    kind = detect_kind(path)
                raise UnsupportedFormatError(NOT_ALONE, file=option.file, kind=kind.name)
            wrong = places.find_fault(f"{item.place}/name", option.name)
            if wrong is not None:
                faults.append(wrong)
            else:
                texts = {"title": option.title, "description": option.description}
                row = places.take(
                    option.file,
                    item.form,
                    name=option.name,
                    i18n=option.i18n,
                    disclosure=option.disclosure,
                    **texts,
                )
                rows.append({**row, **item.blob})
        if len(places.attachments) > MOST_ATTACHMENTS:
            text = N_("A dataset can have at most %(limit)s files besides its tables")
            faults.append(fault("/file", text, limit=MOST_ATTACHMENTS))
        if faults:
            raise InvalidMetadataError(faults=faults)
        return rows

    def _read_rules(self, place: str, option: ResourceOption) -> Mapping[str, Any]:
        """The options that say how to check a file, if it is a table; only those that were given."""
        rules: dict[str, Any] = {"schema_name": option.schema_name} if option.schema_name else {}
        if option.schema not in (None, ""):
            rules["schema"], found = resolve_schema(self._context, f"{place}/schema", option.schema)
            rules["schema_name"] = found or option.schema_name
        read_dialect(option.dialect, encoding=option.encoding)
        if option.choices is not None:
            rules["choices"] = read_choices(option.choices).describe()
        if option.meaning is not None:
            rules["meaning"] = {"said": read_said(option.meaning) or {}}
        if option.no_rows:
            rules["choices"] = {**rules.get("choices", {}), NO_ROWS: True}
        return rules

    def _keep(self, file: UploadedFile) -> tuple[str, int]:
        """Put the bytes into the private store; those received into its own folder lie there already."""
        settings = self._context.settings
        place = getattr(file.stream, "name", None)
        if isinstance(place, str) and Path(place).parent in (settings.receiving_folder, settings.upload_folder):
            file.stream.flush()
            if Path(place).stat().st_size <= settings.max_upload_bytes:
                return self._context.private.put_blob(Path(place), sha256=getattr(file.stream, "sha256", None))
        return self._context.private.put_stream(file.stream, limit=settings.max_upload_bytes)


def _match_options(files: Sequence[UploadedFile], options: Sequence[ResourceOption]) -> Sequence[ResourceOption]:
    """The options of each file. Raises `InvalidMetadataError` for wrong options."""
    if len(files) > MAX_FILES:
        raise InvalidMetadataError(
            faults=[fault("/file", N_("Send at most %(limit)s files at a time"), limit=MAX_FILES)]
        )
    sent = {file.name for file in files}
    faults = [
        fault(f"/resources/{number}/file", N_("No file “%(name)s” was sent"), name=option.file[:100])
        for number, option in enumerate(options)
        if option.file not in sent
    ]
    by_file = {option.file: option for option in options}
    chosen = [by_file.get(file.name) or ResourceOption(file=file.name) for file in files]
    for number, option in enumerate(chosen):
        wrong = option.name and find_identifier_fault(f"/resources/{number}/name", option.name, resource=True)
        if wrong:
            faults.append(wrong)
    if faults:
        raise InvalidMetadataError(faults=faults)
    return chosen


def _detect_format(path: Path, option: ResourceOption) -> AttachmentForm | None:
    """The form of an attachment, None for a table. Raises `UnsupportedFormatError` for what is neither."""
    kind = detect_kind(path)
    if option.type != "attachment" and kind.role != "document":
        return None
    declared = option.type == "attachment"
    form = find_form(path, kind, option.file, declared=declared) if option.type != "table" else None
    if form is None:
        text = NO_ATTACHMENT if declared else NO_TABLE
        raise UnsupportedFormatError(text, file=option.file, kind=kind.name, accepted=ACCEPTED)
    return form


def _describe_table(
    name: str,
    kept: KeptFile,
    before: TableResource | DraftResource | None,
    chosen: Mapping[str, Any] | None,
    *,
    is_published: bool,
) -> dict[str, Any]:
    """The row of a table but for its bytes."""
    option, rules = kept.option, kept.rules
    schema, schema_name = rules.get("schema"), rules.get("schema_name", "")
    if schema is None and chosen is not None:
        schema, schema_name = chosen["schema"], chosen["name"]
    elif schema is None and before is not None:
        schema, schema_name = read_source_schema(before), before.schema_name
    return {
        "name": name,
        "title": option.title or (before.title if before else ""),
        "description": option.description or (before.description if before else ""),
        "i18n": dict(option.i18n or (before.i18n if before else {})),
        "schema": dict(schema) if schema else None,
        "schema_name": schema_name,
        "dialect": dict(option.dialect) if option.dialect else None,
        "encoding": option.encoding,
        "choices": rules.get("choices"),
        "disclosure": choose_disclosure(option.disclosure, before),
        "decisions": _take_decisions(option),
        "meaning": rules.get("meaning"),
        "edition": begin_edition(option.mode, option.name, repeats=option.repeats, is_published=is_published),
    }


def describe_before(before: TableResource) -> dict[str, Any]:
    """What a table of the version before says of the one that comes out of the next file."""
    schema = read_source_schema(before)
    return {
        "title": before.title,
        "description": before.description,
        "i18n": dict(before.i18n),
        "schema": dict(schema) if schema else None,
        "schema_name": before.schema_name,
        "disclosure": before.disclosure,
    }


def read_source_schema(before: TableResource | DraftResource) -> Mapping[str, Any] | None:
    """The schema by which a table was checked; None where every column was text."""
    if isinstance(before, DraftResource):
        return before.schema
    return (before.source_schema or before.schema).descriptor


def _name_only_table(kept: Sequence[KeptFile], row: Draft) -> Sequence[KeptFile]:
    """The only file that comes without a name is the draft's only table."""
    nameless = [item for item in kept if item.form is None and item.option.name is None]
    if len(nameless) != 1 or len(row.resources) != 1:
        return kept
    named = replace(nameless[0], option=replace(nameless[0].option, name=row.resources[0].name))
    return [named if item is nameless[0] else item for item in kept]


def _take_decisions(option: ResourceOption) -> dict[str, Any] | None:
    """The decisions about personal data; our own notes about them come with a restored table only.

    Raises `InvalidMetadataError` for what can't be decisions about any table.
    """
    if option.decisions is None:
        return None
    if option.is_restored:
        return {**option.decisions, RESTORED: True}
    require_shape(option.decisions)
    return {key: value for key, value in option.decisions.items() if key not in NOTES}
