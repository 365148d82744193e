"""What the API answers with: the values of services as JSON, under the names manifests use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_dump

from opendata.api.core.fields import Address, Instant, KnownItem
from opendata.api.core.profile_fields import build_outputs
from opendata.domain.disclosure import PUBLIC
from opendata.errors import N_
from opendata.metadata.expectation import NextEdition
from opendata.metadata.properties.measuring import Measures
from opendata.metadata.properties.reading import load_profile
from opendata.services.core.values import DatasetView
from opendata.services.delivery.downloads import Usage
from opendata.services.governance.duties.reading import UpdateView
from opendata.services.governance.registers.values import PublicRegistration


def page_of(shape: type[Schema], *, is_known: bool = False) -> type[Schema]:
    """The shape of one page of a collection, whose items are remembered as they were written where they are known."""
    parts = {
        "items": fields.List(KnownItem(shape) if is_known else fields.Nested(shape), required=True),
        "next": fields.String(
            required=True, allow_none=True, metadata={"description": "The cursor of the next page, null at the end."}
        ),
    }
    name = f"{shape.__name__.removesuffix('Shape')}PageShape"
    return type(name, (Schema,), parts)


def _text(attribute: str | None = None, key: str | None = None, *, null: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=null, attribute=attribute, data_key=key)


def _objects() -> fields.List[Any]:
    inner: fields.Field[Any] = fields.Dict()
    return fields.List(inner, required=True)


class OwnerShape(Schema):
    """A publisher as datasets name it."""

    id = _text()
    title = _text()
    i18n = fields.Dict(required=True)


class PublisherShape(OwnerShape):
    """A publisher: the department accountable for datasets."""

    description = _text()
    short_title = _text(key="shortTitle")
    kind = _text()
    code = fields.String(required=True, metadata={"description": "Its unified social credit code, if it has one."})
    parent = fields.String(
        required=True, allow_none=True, metadata={"description": "The id of the publisher above it; null at the top."}
    )
    supervisor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The id of the department that supervises it, if it is a public enterprise."},
    )
    division = _text()
    contact_point = fields.Dict(required=True, attribute="contact", data_key="contactPoint")
    responsible = fields.Dict(
        required=True,
        metadata={"description": "What is public of `name` and `post`; all of it for those who may change it."},
    )
    officer = fields.Dict(required=True, metadata={"description": "As `responsible`."})
    history = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "What happened to it, the oldest first: `kind` (`renamed`, `merged`, `absorbed`, `split`,"
            " `founded`, `closed`, `reopened`), `at`, `reason`, and the names until then or the `others`."
        },
    )
    ended = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it was merged, split or closed; null while it is there."},
    )
    datasets = fields.Integer(required=True, metadata={"description": "How many of its datasets are public."})
    created = Instant(required=True)
    modified = Instant(required=True)
    url = Address("/publishers/{0.id}", metadata={"description": "Its page."})


class DisclosureShape(Schema):
    """The disclosure attribute: `open`, `conditional` or `closed`, the latter two with reason and legal basis.

    `scope` is there where the data is for an `area` or a `group`, which `audience` names: only readers with a grant may
    have it. `ground` is the id of the entry of the negative list that the data points to; without one it is left out.
    """

    attribute = _text()
    scope = fields.String(metadata={"enum": ["area", "group"]})
    audience = fields.String()
    reason = _text()
    legal_basis = _text(key="legalBasis")
    ground = fields.String()

    @post_dump
    def leave_out_public(self, found: dict[str, Any], **_: object) -> dict[str, Any]:
        """Data for everybody has no scope to speak of."""
        needless = {"scope", "audience"} if found.get("scope") == PUBLIC else set()
        needless |= set() if found.get("ground") else {"ground"}
        return {key: value for key, value in found.items() if key not in needless}


class DatasetShape(Schema):
    """A dataset: one entry of the catalogue."""

    class Meta:
        """What the profile adds, where it says something."""

        include = build_outputs(load_profile())

    id = _text()
    uuid = fields.String(required=True, metadata={"format": "uuid"})
    title = _text()
    description = _text()
    i18n = fields.Dict(required=True)
    publisher = fields.Nested(OwnerShape, required=True)
    disclosure = fields.Nested(DisclosureShape, required=True)
    licenses = _objects()
    keywords = fields.List(fields.String(), required=True)
    sources = _objects()
    contributors = _objects()
    homepage = _text()
    update_cycle = _text(key="updateCycle")
    source_version = _text(key="sourceVersion")
    temporal = fields.String(
        required=True, metadata={"description": "The time its data covers, such as `2015/2026`; empty if not stated."}
    )
    latest = fields.String(
        required=True, allow_none=True, metadata={"description": "The newest version, null before the first."}
    )
    created = Instant(required=True)
    modified = Instant(required=True)
    proposed = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "Metadata that the next approved draft makes public; null where nothing waits, and for"
            " readers."
        },
    )
    archived = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "Where the dataset is no longer kept: `since` when, the `reason`, and the `successor` to use"
            " instead, if there is one. Else null."
        },
    )
    archiving = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "That somebody asked to archive it (`by`, `at`, `reason`, `successor`), until another person"
            " confirms it; null where nobody did, and for readers."
        },
    )
    moves = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "Its ways from one publisher to another, the oldest first: `source`, `target`, `at`,"
            " `reason`, and `kind` (`moved`, `merged`, `split`)."
        },
    )
    origin = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "The portal that the dataset was harvested from: its name (`portal`), the `page` of the"
            " dataset there, its `identifier` and its `publisher` there, and its `resources` there (`url`, `title`,"
            " `format`, `mediaType`, `bytes`, and as `kind` file, api, map or page). Null for a dataset of this portal."
        },
    )
    url = Address("/datasets/{0.id}", metadata={"description": "Its page."})


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedDataset(DatasetView):
    """A dataset with the edition that is expected next, the measures of its newest version, and its downloads."""

    next_expected: NextEdition | None
    measures: Measures | None
    usage: Usage | None
    update: UpdateView | None
    registrations: Sequence[PublicRegistration]


class PublicRegistrationShape(Schema):
    """A registration in the register of public data resources; `version` is empty for the entry alone."""

    code = fields.String(required=True)
    version = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    registered = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True, data_key="validUntil")


class UpdateShape(Schema):
    """Whether a dataset is up to date: the edition that is due first, by which day, and `next` the next due day.

    `state` is `overdue` when that day is over, else `running`. `due` and `next` are null where they aren't known.
    """

    state = fields.String(required=True, metadata={"enum": ["running", "overdue"]})
    period = _text()
    due = fields.Date(required=True, allow_none=True)
    next = fields.Date(required=True, allow_none=True)


class NextEditionShape(Schema):
    """The edition that is expected next: its period, by which day, and how many earlier ones that was learnt from.

    `editions` is 0 where there are too few: then the usual delay after the end of a period counts.
    """

    period = _text()
    by = fields.Date(required=True)
    editions = fields.Integer(required=True)


def _measure(name: str, description: str) -> fields.Integer:
    return fields.Integer(
        required=True,
        allow_none=True,
        attribute=f"measures.{name}",
        dump_default=None,
        metadata={"description": description},
    )


class UsageShape(Schema):
    """How often the files of a dataset were downloaded. It isn't recorded by whom."""

    since = fields.Date(
        required=True, allow_none=True, metadata={"description": "The day of the first download; null without one."}
    )
    downloads = fields.Integer(required=True, metadata={"description": "All downloads since then."})
    recent = fields.Integer(
        required=True, metadata={"description": "Those of the last 30 days, today included.", "minimum": 0}
    )


class DetailedDatasetShape(DatasetShape):
    """A dataset, when its next edition is expected, and what is counted in its newest version."""

    items = _measure("items", N_("How many columns all tables of the newest version have; null without one."))
    rows = _measure("rows", N_("How many rows all tables of the newest version have; null without one."))
    bytes = _measure("bytes", N_("How many bytes the CSV files of the newest version have; null without one."))

    next_expected = fields.Nested(
        NextEditionShape,
        required=True,
        allow_none=True,
        data_key="nextExpected",
        metadata={"description": "Null without an update cycle, or where no version has a period."},
    )
    usage = fields.Nested(
        UsageShape,
        required=True,
        allow_none=True,
        metadata={"description": "The `ETag` doesn't change with it. Null for readers of a dataset that isn't open."},
    )
    update = fields.Nested(
        UpdateShape,
        required=True,
        allow_none=True,
        metadata={"description": "The `ETag` doesn't change with it. Null without an update cycle with periods."},
    )
    registrations = fields.List(
        fields.Nested(PublicRegistrationShape),
        required=True,
        metadata={"description": "Its codes in the register of public data resources, the newest first."},
    )


class AnnouncementShape(Schema):
    """A breaking change that takes effect later: from which day, and why."""

    version = fields.String(required=True, allow_none=True)
    reason = _text()
    announced = fields.String(required=True, metadata={"format": "date-time"})
    effective = fields.String(required=True, metadata={"format": "date"})


class SchemaSummaryShape(Schema):
    """A schema of the library, without its rules."""

    name = _text()
    version = _text()
    title = _text()
    description = _text()
    i18n = fields.Dict(required=True)
    created = Instant(required=True)
    url = Address("/schemas/{0.name}/{0.version}.json", metadata={"description": "The Table Schema itself."})


class SchemaShape(SchemaSummaryShape):
    """A schema of the library. It is used by its name, as `name` or `name@version`."""

    descriptor = fields.Dict(
        required=True, attribute="schema.descriptor", metadata={"description": "The Table Schema."}
    )


AnnouncementPage = page_of(AnnouncementShape)
DatasetPage = page_of(DatasetShape, is_known=True)
PublisherPage = page_of(PublisherShape)
SchemaPage = page_of(SchemaSummaryShape)
