"""What the API takes: metadata of datasets and publishers, schemas, and the parameters of collections."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, fields

from opendata.api.core.fields import IDENTIFIER, Choice, Inner, Many, Object, Shape, Text, Translations, Whole
from opendata.api.core.profile_fields import build_inputs
from opendata.errors import N_
from opendata.metadata.dataset import MAX_TEXT, MAX_TITLE
from opendata.metadata.properties.reading import load_profile
from opendata.services.core.paging import DEFAULT_LIMIT, MAX_LIMIT


class PageQuery(Shape):
    """Which part of a collection."""

    limit = Whole(
        1,
        MAX_LIMIT,
        error=N_("“limit” must be a whole number from 1 to 1000"),
        load_default=DEFAULT_LIMIT,
        metadata={"description": "How many items at most."},
    )
    cursor = Text(longest=500, metadata={"description": "`next` of the page before."})


class DatasetQuery(PageQuery):
    """Which datasets."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class PublisherReference(Shape):
    """A publisher by its id. Other properties of the publisher may be sent too."""

    class Meta:
        """Takes an item of the API as it came."""

        unknown = INCLUDE

    id = Text(required=True, longest=100)


class DisclosureInput(Shape):
    """The disclosure attribute: `open`, `conditional` or `closed`, the latter two with reason and legal basis.

    `scope` is `public`, `area` or `group`; the latter two with `audience`, which says whom the data is for. `ground` is
    the id of the entry of the negative list that the data points to: `closed` data needs one once a list is in force.
    """

    attribute = Text(longest=20)
    scope = Text(longest=20, allow_none=True)
    audience = Text(longest=MAX_TITLE, allow_none=True)
    reason = Text(longest=MAX_TEXT, allow_none=True)
    legal_basis = Text(longest=MAX_TEXT, allow_none=True, attribute="legalBasis", data_key="legalBasis")
    ground = Text(longest=40, allow_none=True)


class _Item(Shape):
    """An item of Data Package, which allows properties of other standards beside its own."""

    class Meta:
        """Further properties are kept."""

        unknown = INCLUDE

    title = Text(longest=MAX_TITLE)
    path = Text(longest=2000)


class LicenseInput(_Item):
    """A licence, with `name` or `path`."""

    name = Text(longest=100)


class SourceInput(_Item):
    """Where the data comes from."""

    email = Text(longest=320)
    version = Text(longest=100)


class ContributorInput(_Item):
    """Who took part."""

    email = Text(longest=320)
    organization = Text(longest=MAX_TITLE)
    given_name = Text(longest=MAX_TITLE, attribute="givenName", data_key="givenName")
    family_name = Text(longest=MAX_TITLE, attribute="familyName", data_key="familyName")
    role = Text(longest=100)
    roles = Many(Text(longest=100))


class _Metadata(Shape):
    class Meta:
        """What the profile adds."""

        include = build_inputs(load_profile())

    title = Text(longest=MAX_TITLE)
    description = Text(longest=MAX_TEXT)
    i18n = Translations()
    disclosure = Choice(DisclosureInput)
    licenses = Many(Inner(LicenseInput))
    keywords = Many(Text(longest=100))
    sources = Many(Inner(SourceInput))
    contributors = Many(Inner(ContributorInput))
    homepage = Text(longest=1000)
    update_cycle = Text(longest=20, attribute="updateCycle", data_key="updateCycle")
    source_version = Text(longest=100, attribute="sourceVersion", data_key="sourceVersion")
    temporal = Text(
        longest=50, metadata={"description": "The time its data covers, such as `2015/2026` or `2020-01/2026-10`."}
    )


class DatasetInput(_Metadata):
    """The metadata of a new dataset. Without `id` it is made from the title; an editor's publisher is their own."""

    id = Text(metadata={"pattern": IDENTIFIER})
    title = Text(required=True, longest=MAX_TITLE)
    publisher = Choice(PublisherReference)


class DatasetChanges(_Metadata):
    """The properties to change: what is not named stays, null removes (JSON Merge Patch, RFC 7396)."""

    i18n = Translations(removable=True)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002
        """Null removes every property; the service keeps the title."""
        field_obj.allow_none = True


class SchemaInput(Shape):
    """A new version of a schema of the library."""

    name = Text(required=True, metadata={"pattern": IDENTIFIER})
    version = Text(required=True, longest=40, metadata={"description": "`1.2.3`"})
    descriptor = Object(required=True, metadata={"description": "The Table Schema."})
