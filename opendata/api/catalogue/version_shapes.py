"""What the API says about published versions, their tables and what accompanies them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from marshmallow import Schema, fields

from opendata.api.core.current import absolute
from opendata.api.core.fields import Address, Instant, Note, Sentences
from opendata.api.core.shapes import page_of
from opendata.domain.parts import PARTS_FOLDER, Part, name_part
from opendata.domain.resources import Resource, TableResource
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.capabilities.capabilities import Said, State
from opendata.services.core.editions.version_values import VersionView
from opendata.services.drafts.intake import RESOURCE_TYPES


@dataclass(frozen=True, slots=True)
class PublishedResource:
    """A resource of a manifest together with the version it belongs to."""

    version: VersionView
    resource: Resource

    @property
    def path(self) -> str:
        """Where its file is beside the manifest, as an address has it."""
        return quote(self.resource.path)

    @property
    def parquet(self) -> PublishedResource | None:
        """The table itself, whose Parquet file has a shape of its own; none of an attachment."""
        return self if isinstance(self.resource, TableResource) else None

    @property
    def csv_parts(self) -> Sequence[PublishedPart]:
        """The files that the table's CSV consists of; none where it is in one."""
        return self._list_parts(self.resource.file.parts, "csv")

    @property
    def parquet_parts(self) -> Sequence[PublishedPart]:
        """The Parquet files that the table's consists of."""
        parts = self.resource.parquet.parts if isinstance(self.resource, TableResource) else ()
        return self._list_parts(parts, "parquet")

    def _list_parts(self, parts: Sequence[Part], suffix: str) -> Sequence[PublishedPart]:
        place = f"/datasets/{self.version.dataset}/{self.version.version}/{PARTS_FOLDER}"
        names = (name_part(self.resource.name, number, suffix) for number in range(1, len(parts) + 1))
        return [PublishedPart(f"{place}/{name}", part) for name, part in zip(names, parts, strict=True)]


@dataclass(frozen=True, slots=True)
class PublishedPart:
    """A part of a table's file, and the path of its address."""

    place: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedVersion(VersionView):
    """A version with its tables and attachments."""

    contents: tuple[PublishedResource, ...]
    registration: str


class PartShape(Schema):
    """A file that a larger one is joined of."""

    url = Address("{0.place}")
    bytes = fields.Integer(required=True, attribute="part.bytes")
    hash = fields.String(required=True, attribute="part.hash")
    rows = fields.Integer(required=True, attribute="part.rows")


class ParquetShape(Schema):
    """A table's rows as a Parquet file."""

    url = Address("/datasets/{0.version.dataset}/{0.version.version}/{0.resource.name}.parquet")
    bytes = fields.Integer(required=True, attribute="resource.parquet.bytes")
    hash = fields.String(required=True, attribute="resource.parquet.hash")
    parts = fields.List(
        fields.Nested(PartShape),
        required=True,
        attribute="parquet_parts",
        metadata={"description": "The Parquet files of a table in parts, each whole in itself; else empty."},
    )


class ResourceShape(Schema):
    """A table of a version, or a file that accompanies them; `url`, `bytes` and `hash` of a table are of its CSV.

    An attachment has no rows, no schema and no Parquet file: these are null.
    """

    type = fields.String(required=True, attribute="resource.type", metadata={"enum": list(RESOURCE_TYPES)})
    format = fields.String(required=True, attribute="resource.format")
    mediatype = fields.String(required=True, attribute="resource.mediatype")
    name = fields.String(required=True, attribute="resource.name")
    title = fields.String(required=True, attribute="resource.title")
    description = fields.String(required=True, attribute="resource.description")
    i18n = fields.Dict(required=True, attribute="resource.i18n")
    rows = fields.Integer(required=True, attribute="resource.rows", allow_none=True, dump_default=None)
    bytes = fields.Integer(required=True, attribute="resource.file.bytes")
    hash = fields.String(required=True, attribute="resource.file.hash")
    parts = fields.List(
        fields.Nested(PartShape),
        required=True,
        attribute="csv_parts",
        metadata={
            "description": "The files of a large table whose CSV is published in parts, in order; else empty. Joined,"
            " they are the file at `url`: only the first has the header."
        },
    )
    schema = fields.Dict(required=True, attribute="resource.schema.descriptor", allow_none=True, dump_default=None)
    schema_name = fields.String(
        required=True,
        attribute="resource.schema_name",
        data_key="schemaName",
        dump_default="",
        metadata={"description": "`name@version` where the schema is of the library."},
    )
    disclosure = fields.String(
        required=True,
        attribute="resource.disclosure",
        metadata={"description": "`open` where everybody may have it although the dataset isn't open, else empty."},
    )
    unit = fields.String(
        required=True,
        attribute="resource.unit",
        dump_default="",
        metadata={"description": "The unit of the whole table; columns have their own in the schema."},
    )
    period = fields.String(
        required=True,
        attribute="resource.period",
        dump_default="",
        metadata={"description": "What its last file is about."},
    )
    coverage = fields.Function(
        lambda item: getattr(item.resource, "coverage", "") or getattr(item.resource, "period", ""),
        required=True,
        metadata={"type": "string", "description": "What all its rows are about, from the first period to the last."},
    )
    sources = fields.List(fields.Dict(), required=True, attribute="resource.sources", dump_default=[])
    compiled_by = fields.String(required=True, attribute="resource.compiled_by", data_key="compiledBy", dump_default="")
    footnotes = fields.List(
        fields.Dict(),
        required=True,
        attribute="resource.footnotes",
        dump_default=[],
        metadata={"description": "Notes about the table: `text`, `mark`, and the `columns` whose names have the mark."},
    )
    parquet = fields.Nested(ParquetShape, required=True, allow_none=True)
    url = Address("/datasets/{0.version.dataset}/{0.version.version}/{0.path}")


class CapabilityShape(Schema):
    """A format or call of a table: whether it is possible, and if not, why and what to do."""

    name = fields.String(required=True)
    title = fields.Function(
        lambda found: choose_voice().translate(found.label),
        required=True,
        metadata={"type": "string", "description": N_("What it is called, in the language of the request.")},
    )
    kind = fields.String(required=True, metadata={"enum": ["format", "call"]})
    state = fields.Function(
        lambda found: found.state.value,
        required=True,
        metadata={
            "type": "string",
            "enum": [state.value for state in State],
            "description": N_(
                "`ready`; `onRequest`: made when somebody first asks for it, so that the answer takes longer;"
                " `impossible`: refused, for the reason in `reason`."
            ),
        },
    )
    url = fields.Function(
        lambda found: absolute(found.path) if found.path else None,
        required=True,
        metadata={"type": ["string", "null"], "description": N_("Its address; null where there is nothing to ask.")},
    )
    media_type = fields.String(required=True, data_key="mediaType")
    reason = fields.Function(
        lambda found: choose_voice().say_error(found.reason) if found.reason else None,
        required=True,
        metadata={
            "type": ["string", "null"],
            "description": N_("Why it isn't possible: the `detail` with which its address refuses."),
        },
    )
    remedy = fields.Function(
        lambda found: _say(found.remedy),
        required=True,
        metadata={"type": ["string", "null"], "description": N_("What to do instead.")},
    )
    note = fields.Function(
        lambda found: _say(found.note),
        required=True,
        metadata={"type": ["string", "null"], "description": N_("What else there is to know.")},
    )


def _say(found: Said | None) -> str | None:
    return choose_voice().say(found.message, **found.params) if found else None


class VersionShape(Schema):
    """A published version: it never changes."""

    dataset = fields.String(required=True)
    version = fields.String(required=True)
    created = Instant(required=True, metadata={"description": "When publication was first asked for."})
    published = Instant(required=True)
    notes = fields.String(required=True)
    period = fields.String(
        required=True, metadata={"description": N_("What the edition is about, such as `2026-10`; empty if unknown.")}
    )
    coverage = fields.String(
        required=True,
        metadata={"description": N_("What all its rows are about, such as `2026-01/2026-10`; empty if unknown.")},
    )
    reasons = Sentences(N_("Why the version has the number it has."))
    changes = Note()
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
    suspension = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The record of a version that is stopped: since when, and why."},
    )
    manifest = Address("/datasets/{0.dataset}/{0.version}/datapackage.json")
    url = Address("/datasets/{0.dataset}/{0.version}/", metadata={"description": "Its page."})


class DetailedVersionShape(VersionShape):
    """A published version with its tables and attachments."""

    resources = fields.List(fields.Nested(ResourceShape), required=True, attribute="contents")
    registration = fields.String(
        required=True,
        metadata={"description": "Its code in the register of public data resources; empty without one."},
    )


class ErratumShape(Schema):
    """A correction of a published version."""

    dataset = fields.String(required=True)
    number = fields.Integer(required=True)
    version = fields.String(required=True)
    successor = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    created = fields.String(required=True)


VersionPage = page_of(VersionShape)
ResourcePage = page_of(ResourceShape)
CapabilityPage = page_of(CapabilityShape)
