"""The resources of a version as its manifest has them: tables, and attachments, which are files without a schema.

Source: Data Resource of datapackage.org v2; what is ours sits in the object `opendata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from opendata.domain.meaning.table_meaning import FootnoteJson, TableMeaning
from opendata.domain.parts import StoredFile as StoredFile
from opendata.domain.schema import TableSchema
from opendata.domain.texts import I18n, Source

FOLDER = "files"
"""The folder of a package that holds the attachments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResource:
    """One published table. `file` is its CSV, `source` the file it was made of, `schema` the one as published.

    `report` is what was kept of the check: counts, and what is in the columns. `schema_name` is `name@version` of a
    schema of the library. `source_schema` is there where the source's schema says more (its lexical options) than the
    published one. `disclosure` is `open` for a table that everybody may have although the dataset isn't open. `privacy`
    is the record of what was done to columns with personal data. `unit` is that of the whole table, `period` what its
    last file is about, `coverage` what all its rows are about where that is more, `compiled_by` the office that
    compiled it. `recipe` are the steps from the file as it came to the table, without texts that aren't published.
    `series` are the files that were joined into it: the `column` that tells their rows apart, and the `files` in their
    order (`hash`, `bytes`, `rows`). `document` is the descriptor this was read from.
    """

    name: str
    file: StoredFile
    parquet: StoredFile
    source: StoredFile
    rows: int
    schema: TableSchema
    title: str = ""
    description: str = ""
    i18n: I18n = field(default_factory=dict)
    schema_name: str = ""
    source_schema: TableSchema | None = None
    report: StoredFile | None = None
    disclosure: str = ""
    privacy: Mapping[str, Any] | None = None
    unit: str = ""
    period: str = ""
    sources: Sequence[Source] = ()
    compiled_by: str = ""
    footnotes: Sequence[FootnoteJson] = ()
    recipe: Mapping[str, Any] | None = None
    series: Mapping[str, Any] | None = None
    coverage: str = ""
    document: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    type = "table"
    format = "csv"
    mediatype = "text/csv"

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a descriptor."""
        ours = document["opendata"]
        report, source = ours.get("report"), ours.get("sourceSchema")
        meaning = TableMeaning.from_json(document)
        return cls(
            name=document["name"],
            file=StoredFile.from_json(document, ours),
            parquet=StoredFile.from_json(ours["parquet"], ours["parquet"]),
            source=StoredFile.from_json(ours["source"]),
            rows=ours["rows"],
            schema=TableSchema(document["schema"]),
            title=document.get("title", ""),
            description=document.get("description", ""),
            i18n=ours.get("i18n", {}),
            schema_name=ours.get("schema", ""),
            source_schema=TableSchema(source) if source is not None else None,
            report=StoredFile.from_json(report) if report else None,
            disclosure=ours.get("disclosure", ""),
            privacy=ours.get("privacy"),
            unit=meaning.unit,
            period=meaning.period,
            sources=meaning.sources,
            compiled_by=meaning.compiled_by,
            footnotes=meaning.footnotes,
            recipe=ours.get("recipe"),
            series=ours.get("series"),
            coverage=ours.get("coverage", ""),
            document=document,
        )

    def to_json(self) -> Mapping[str, Any]:
        """The descriptor: the one this was read from, or a new one."""
        if self.document is not None:
            return self.document
        ours: dict[str, Any] = {
            "rows": self.rows,
            "parquet": {
                "path": f"{self.name}.parquet",
                **self.parquet.to_json(),
                **self.parquet.describe_parts(self.name, "parquet"),
            },
            "source": self.source.to_json(),
            **self.file.describe_parts(self.name, "csv"),
        }
        if self.schema_name:
            ours["schema"] = self.schema_name
        if self.source_schema is not None:
            ours["sourceSchema"] = dict(self.source_schema.descriptor)
        if self.report is not None:
            ours["report"] = {"path": f"{self.name}.report.json", **self.report.to_json()}
        if self.disclosure:
            ours["disclosure"] = self.disclosure
        if self.privacy:
            ours["privacy"] = dict(self.privacy)
        ours |= self.meaning.describe()
        if self.recipe:
            ours["recipe"] = dict(self.recipe)
        if self.series:
            ours["series"] = dict(self.series)
        if self.coverage:
            ours["coverage"] = self.coverage
        if self.i18n:
            ours["i18n"] = {key: dict(value) for key, value in self.i18n.items()}
        found: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "path": self.path,
            "format": self.format,
            "mediatype": self.mediatype,
            "encoding": "utf-8",
            **self.file.to_json(),
            "schema": dict(self.schema.descriptor),
            "sources": [dict(source) for source in self.sources],
            "opendata": ours,
        }
        return {key: value for key, value in found.items() if value not in ("", [])}

    @property
    def meaning(self) -> TableMeaning:
        """What it says about itself as a whole."""
        return TableMeaning(
            title=self.title,
            i18n=self.i18n,
            unit=self.unit,
            period=self.period,
            sources=self.sources,
            compiled_by=self.compiled_by,
            footnotes=self.footnotes,
        )

    @property
    def path(self) -> str:
        """Where its CSV is beside the manifest."""
        return f"{self.name}.csv"

    @property
    def contents(self) -> tuple[StoredFile, ...]:
        """The files that have its rows: as published, as Parquet, and as it came."""
        return self.file, self.parquet, self.source

    @property
    def published(self) -> tuple[StoredFile, ...]:
        """The files that are published with it."""
        return (self.file, self.parquet, self.report) if self.report else (self.file, self.parquet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One published attachment. `filename` is its own name, the last part of its path.

    `disclosure` is `open` for one that everybody may have although the dataset isn't open. `is_read` is False if its
    text couldn't be screened for personal data, so that somebody declared what is in it.
    `document` is the descriptor this was read from, if it was.
    """

    name: str
    filename: str
    format: str
    mediatype: str
    file: StoredFile
    title: str = ""
    description: str = ""
    i18n: I18n = field(default_factory=dict)
    disclosure: str = ""
    is_read: bool = True
    document: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    type = "attachment"
    report = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a descriptor."""
        ours = document.get("opendata", {})
        return cls(
            name=document["name"],
            filename=document["path"].removeprefix(f"{FOLDER}/"),
            format=document["format"],
            mediatype=document["mediatype"],
            file=StoredFile.from_json(document),
            title=document.get("title", ""),
            description=document.get("description", ""),
            i18n=ours.get("i18n", {}),
            disclosure=ours.get("disclosure", ""),
            is_read=(ours.get("privacy") or {}).get("read", True),
            document=document,
        )

    def to_json(self) -> Mapping[str, Any]:
        """The descriptor: the one this was read from, or a new one."""
        if self.document is not None:
            return self.document
        found: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "path": self.path,
            "format": self.format,
            "mediatype": self.mediatype,
            **self.file.to_json(),
        }
        ours: dict[str, Any] = {"disclosure": self.disclosure} if self.disclosure else {}
        if self.i18n:
            ours["i18n"] = {key: dict(value) for key, value in self.i18n.items()}
        if not self.is_read:
            ours["privacy"] = {"read": False}
        if ours:
            found["opendata"] = ours
        return {key: value for key, value in found.items() if value != ""}

    @property
    def path(self) -> str:
        """Where it is beside the manifest."""
        return f"{FOLDER}/{self.filename}"

    @property
    def contents(self) -> tuple[StoredFile, ...]:
        """The file itself."""
        return (self.file,)

    @property
    def published(self) -> tuple[StoredFile, ...]:
        """The file itself."""
        return (self.file,)


Resource: TypeAlias = TableResource | Attachment


def read_resource(document: Mapping[str, Any]) -> Resource:
    """Read a descriptor of a manifest of ours, in which a table always has a schema."""
    return TableResource.from_json(document) if "schema" in document else Attachment.from_json(document)
