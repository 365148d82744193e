"""What the API takes of publishers: their properties, and what becomes of them."""

from __future__ import annotations

from opendata.api.core.fields import IDENTIFIER, Many, Object, Shape, Switch, Text, Translations
from opendata.api.core.inputs import PageQuery
from opendata.api.core.profile_fields import build_inputs
from opendata.errors import N_
from opendata.metadata.dataset import MAX_TEXT, MAX_TITLE
from opendata.metadata.properties.publishers import PUBLISHER_KINDS, load_publisher_profile
from opendata.services.core.reasons import MAX_REASON


class PublisherQuery(PageQuery):
    """Which publishers."""

    kind = Text(
        longest=30,
        one_of=tuple(PUBLISHER_KINDS),
        error=N_("“kind” must be department, public-enterprise, public-institution, subdistrict, town, zone or other"),
        metadata={"description": "Of this kind only.", "enum": list(PUBLISHER_KINDS)},
    )
    parent = Text(longest=100, metadata={"description": "Directly below this publisher only."})
    q = Text(longest=200, metadata={"description": "With this text in its code, or in a name that it has or had."})


class _Properties(Shape):
    class Meta:
        """What the profile of publishers adds."""

        include = build_inputs(load_publisher_profile(), "Publisher")

    description = Text(longest=MAX_TEXT, allow_none=True)


class PublisherInput(_Properties):
    """A new publisher. Without `id` it is made from the title."""

    id = Text(metadata={"pattern": IDENTIFIER})
    title = Text(required=True, longest=MAX_TITLE)
    i18n = Translations()


class PublisherChanges(_Properties):
    """The properties to change: what is not named stays, null removes (JSON Merge Patch, RFC 7396)."""

    title = Text(longest=MAX_TITLE, allow_none=True)
    i18n = Translations(removable=True, allow_none=True)
    is_correction = Switch(
        data_key="isCorrection",
        metadata={"description": "The name before was a mistake: don't keep it in the history."},
    )
    reason = Text(longest=MAX_REASON, metadata={"description": "Why it has another name. It is public."})


class _Reasoned(Shape):
    reason = Text(required=True, longest=MAX_REASON, metadata={"description": "Why. It is public."})


class ReasonInput(_Reasoned):
    """Why a publisher is closed or reopened."""


class MoveInput(_Reasoned):
    """The publisher that a dataset goes to."""

    publisher = Text(required=True, longest=100)


class MergerInput(_Reasoned):
    """The publishers that become part of the one in the address."""

    publishers = Many(Text(longest=100), required=True)


class SplitInput(_Reasoned):
    """Where what the publisher has goes to. It ends."""

    rest = Text(required=True, longest=100, metadata={"description": "The publisher that gets all that isn't named."})
    datasets = Object(
        keys=Text(longest=100),
        values=Text(longest=100),
        metadata={"description": "For ids of datasets the publisher that each goes to."},
    )
    accounts = Object(
        keys=Text(longest=100),
        values=Text(longest=100),
        metadata={"description": "For names of accounts the publisher that each goes to."},
    )
