"""Intake: what a sender says about files becomes a plan for each, and their bytes go into the private store.

Everything that can be refused before the bytes are read is refused here; what is wrong inside a table is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    InvalidSchemaError,
    NotFoundError,
    UnsupportedFormatError,
    fault,
)
from opendata.intake.kinds import tell_kind
from opendata.intake.understanding import read_choices
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.services.context import Context
from opendata.services.schemas import find_schema
from opendata.tabular.dialect import read_dialect
from opendata.tabular.schema import read_schema

MAX_FILES = 100


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it is being received: its name at the sender's, and its bytes. `upload` is the id of a finished one."""

    name: str
    stream: BinaryIO
    upload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceOption:
    """What the sender says about a file. `schema` is a name of the library, a Table Schema, or None: as last time."""

    file: str
    name: str | None = None
    schema: str | Mapping[str, Any] | None = None
    schema_name: str = ""
    dialect: Mapping[str, Any] | None = None
    encoding: str | None = None
    title: str = ""
    description: str = ""
    i18n: Mapping[str, Any] | None = None
    choices: Mapping[str, Any] | None = None


class Intake:
    """Plans and receives the files of a draft."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def plan(
        self, files: Sequence[UploadedFile], options: Sequence[ResourceOption], manifest: Mapping[str, Any] | None
    ) -> Sequence[dict[str, Any]]:
        """One plan per file: name, schema, dialect. Everything that can be refused before the bytes are read is."""
        if len(files) > MAX_FILES:
            raise InvalidMetadataError(
                faults=[fault("/file", N_("At most %(limit)s files at a time"), limit=MAX_FILES)]
            )
        faults: list[Fault] = []
        by_file = {option.file: option for option in options}
        sent = {file.name for file in files}
        for number, option in enumerate(options):
            if option.file not in sent:
                faults.append(
                    fault(f"/resources/{number}/file", N_("No file “%(name)s” was sent"), name=option.file[:100])
                )
        names: set[str] = set()
        plans = []
        for number, file in enumerate(files):
            option = by_file.get(file.name) or ResourceOption(file=file.name)
            name = option.name or suggest_identifier(_stem(file.name), resource=True)
            wrong = find_identifier_fault(f"/resources/{number}/name", name, resource=True)
            if wrong is None and name in names:
                wrong = fault(f"/resources/{number}/name", N_("Two files are named “%(name)s”"), name=name)
            if wrong:
                faults.append(wrong)
            names.add(name)
            plans.append(self._plan_resource(f"/resources/{number}", name, option, manifest))
        if faults:
            raise InvalidMetadataError(faults=faults)
        return plans

    def _plan_resource(
        self, place: str, name: str, option: ResourceOption, manifest: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        schema: Mapping[str, Any] | None = None
        schema_name = option.schema_name
        before: Mapping[str, Any] = next(
            (item for item in (manifest or {}).get("resources", ()) if item["name"] == name), {}
        )
        ours = before.get("opendata", {})
        if option.schema not in (None, ""):
            schema, found = self.resolve_schema(f"{place}/schema", option.schema)
            schema_name = found or schema_name
        elif before:
            schema = ours.get("sourceSchema") or before.get("schema")
            schema_name = ours.get("schema", "")
        read_dialect(option.dialect, encoding=option.encoding)
        choices = read_choices(option.choices).describe() if option.choices is not None else None
        return {
            "name": name,
            "title": option.title or before.get("title", ""),
            "description": option.description or before.get("description", ""),
            "i18n": dict(option.i18n or ours.get("i18n", {})),
            "schema": dict(schema) if schema else None,
            "schema_name": schema_name,
            "dialect": dict(option.dialect) if option.dialect else None,
            "encoding": option.encoding,
            "choices": choices,
        }

    def resolve_schema(self, place: str, given: object) -> tuple[dict[str, Any], str]:
        """A schema's descriptor and, where it is of the library, its name."""
        if isinstance(given, str):
            name, _, version = given.partition("@")
            with self._context.read() as session:
                try:
                    row = find_schema(session, name, version or None)
                except NotFoundError:
                    raise InvalidMetadataError(
                        faults=[fault(place, N_("The library has no schema “%(ref)s”"), ref=given[:200])]
                    ) from None
                return dict(row.descriptor), f"{row.name}@{row.version}"
        checked = read_schema(given)
        if not isinstance(given, Mapping):
            raise InvalidSchemaError
        return dict(checked.descriptor), ""

    def _keep(self, file: UploadedFile) -> tuple[str, int]:
        """Put the bytes into the private store; those received into its own folder lie there already."""
        settings = self._context.settings
        place = getattr(file.stream, "name", None)
        if isinstance(place, str) and Path(place).parent in (settings.receiving_folder, settings.upload_folder):
            file.stream.flush()
            if Path(place).stat().st_size <= settings.max_upload_bytes:
                return self._context.private.put_blob(Path(place), sha256=getattr(file.stream, "sha256", None))
        return self._context.private.put_stream(file.stream, limit=settings.max_upload_bytes)

    def receive(self, file: UploadedFile, plan: dict[str, Any]) -> dict[str, Any]:
        """Keep the bytes of a file in the private store, unless they are of a kind that is no table."""
        name, size = self._keep(file)
        kind = tell_kind(self._context.private.blob_path(name))
        if kind.role == "document":
            raise UnsupportedFormatError(
                N_("“%(file)s” is %(kind)s, not a table. Send the table itself, for example as CSV or Excel file"),
                file=file.name,
                kind=kind.name,
            )
        return {**plan, "file": file.name, "upload": name, "upload_bytes": size}


def _stem(file: str) -> str:
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name[1:] else name
