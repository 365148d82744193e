"""What the API says about published versions and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from opendata.api.fields import Address, Instant
from opendata.api.shapes import page_of
from opendata.services.values import VersionView


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A resource of a manifest together with the version it belongs to."""

    version: VersionView
    descriptor: Mapping[str, Any]

    @property
    def ours(self) -> Mapping[str, Any]:
        """What the manifest says about it beyond the standard."""
        found: Mapping[str, Any] = self.descriptor["opendata"]
        return found

    @property
    def parquet(self) -> PublishedTable:
        """The table itself, whose Parquet file has a shape of its own."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedVersion(VersionView):
    """A version with its tables."""

    tables: tuple[PublishedTable, ...]


class ParquetShape(Schema):
    """The same rows as Parquet."""

    url = Address("/datasets/{0.version.dataset}/{0.version.version}/{0.descriptor[name]}.parquet")
    bytes = fields.Integer(required=True, attribute="ours.parquet.bytes")
    hash = fields.String(required=True, attribute="ours.parquet.hash")


class ResourceShape(Schema):
    """A table of a version; `url`, `bytes` and `hash` are those of its CSV."""

    name = fields.String(required=True, attribute="descriptor.name")
    title = fields.String(required=True, attribute="descriptor.title", dump_default="")
    description = fields.String(required=True, attribute="descriptor.description", dump_default="")
    i18n = fields.Dict(required=True, attribute="ours.i18n", dump_default=dict)
    rows = fields.Integer(required=True, attribute="ours.rows")
    bytes = fields.Integer(required=True, attribute="descriptor.bytes")
    hash = fields.String(required=True, attribute="descriptor.hash")
    schema = fields.Dict(required=True, attribute="descriptor.schema")
    schema_name = fields.String(
        required=True,
        attribute="ours.schema",
        data_key="schemaName",
        dump_default="",
        metadata={"description": "`name@version` where the schema is of the library."},
    )
    parquet = fields.Nested(ParquetShape, required=True)
    url = Address("/datasets/{0.version.dataset}/{0.version.version}/{0.descriptor[name]}.csv")


class VersionShape(Schema):
    """A published version: it never changes."""

    dataset = fields.String(required=True)
    version = fields.String(required=True)
    created = Instant(required=True, metadata={"description": "When publication was first asked for."})
    published = Instant(required=True)
    notes = fields.String(required=True)
    reasons = fields.List(
        fields.String(), required=True, metadata={"description": "Why the version has the number it has."}
    )
    rows = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    hash = fields.Function(
        lambda view: f"sha256:{view.manifest_sha256}",
        required=True,
        metadata={"type": "string", "description": "The digest of the manifest's bytes."},
    )
    withdrawal = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The tombstone of a version that was taken down: when, why, by which law."},
    )
    manifest = Address("/datasets/{0.dataset}/{0.version}/datapackage.json")
    url = Address("/datasets/{0.dataset}/{0.version}/", metadata={"description": "Its page."})


class DetailedVersionShape(VersionShape):
    """A published version with its tables."""

    resources = fields.List(fields.Nested(ResourceShape), required=True, attribute="tables")


class ErratumShape(Schema):
    """A correction told about a version that stands."""

    dataset = fields.String(required=True)
    number = fields.Integer(required=True)
    version = fields.String(required=True)
    successor = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    created = fields.String(required=True)


VersionPage = page_of(VersionShape)
ResourcePage = page_of(ResourceShape)
