"""Personal data in tables: what kinds there are, how sure a finding is, and what may be decided about a column.

Codes only: `wording.privacy` has the sentences. Source: Personal Information Protection Law, articles 4, 28 and 73;
GB/T 37964-2019 (de-identification) for direct identifiers and the treatments.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A kind of personal data."""

    RESIDENT_ID = "resident-id"
    PASSPORT = "passport"
    TRAVEL_PERMIT = "travel-permit"
    MILITARY_ID = "military-id"
    MOBILE = "mobile-number"
    LANDLINE = "landline-number"
    BANK_CARD = "bank-card"
    EMAIL = "email"
    PLATE = "vehicle-plate"
    ADDRESS = "address"
    NAME = "personal-name"
    BIRTH_DATE = "birth-date"
    TRACK = "gps-track"
    SOCIAL = "social-account"


PERSONS = frozenset([Kind.NAME, Kind.RESIDENT_ID, Kind.MOBILE, Kind.PASSPORT, Kind.BANK_CARD])
"""Kinds that show that a table is about persons."""

OFFICES = frozenset([Kind.LANDLINE])
"""Kinds that are mostly of offices: they count as personal beside persons only."""


class Certainty(StrEnum):
    """How sure a finding is, the surest first.

    `certain` rests on a check digit or a notation that nothing else has, `likely` on shape and share together, and
    `possible` on weak signs that a person must judge.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class TextPart(StrEnum):
    """The part of a draft that a text belongs to; `contents` are those of an attachment's file."""

    DATASET = "dataset"
    DRAFT = "draft"
    TABLE = "table"
    COLUMN = "column"
    ATTACHMENT = "attachment"
    CONTENTS = "contents"


class Unread(StrEnum):
    """Why an attachment couldn't be read, or not all of it."""

    NOT_SCREENED = "not-screened"
    FORMAT = "format"
    NO_TEXT = "no-text"
    PICTURES = "pictures"
    FONTS = "fonts"
    EMBEDDED = "embedded"
    LOCKED = "locked"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"


class Evidence(StrEnum):
    """A sign that a column has personal data. The sentences of `wording.privacy` have the parameters of each."""

    COLUMN_NAME = "column-name"
    PATTERN = "pattern"
    CHECK_DIGIT = "check-digit"
    CARD_PREFIX = "card-prefix"
    SURNAMES = "surnames"
    HOME_WORDS = "home-words"
    INSIDE_TEXT = "inside-text"
    CONTEXT_WORD = "context-word"
    YEARS = "years"
    BESIDE = "beside"
    MOVEMENT = "movement"


class Treatment(StrEnum):
    """What is done with a column that has personal data."""

    DROP = "drop"
    MASK = "mask"
    GENERALISE = "generalise"
    PSEUDONYMISE = "pseudonymise"
    AGGREGATE = "aggregate"
    PUBLISH = "publish"
    NOT_PERSONAL = "not-personal"


class Ground(StrEnum):
    """A ground on which the law lets personal data be published: 惩戒公示 or 强制性信息披露."""

    PUNISHMENT_PUBLICITY = "punishment-publicity"
    MANDATORY_DISCLOSURE = "mandatory-disclosure"


class Reason(StrEnum):
    """Why data that looks personal isn't."""

    OFFICIAL_CONTACT = "official-contact"
    ORGANISATION = "organisation"
    PUBLIC_VEHICLE = "public-vehicle"
    CODE = "code"
    FICTITIOUS = "fictitious"
    OTHER = "other"


class Generalisation(StrEnum):
    """A way to make values coarser."""

    COUNTY = "county"
    TOWNSHIP = "township"
    YEAR = "year"
    MONTH = "month"
    AGE_BAND = "age-band"
    RANGE = "range"


class RiskLevel(StrEnum):
    """The verdict on the combination risk of a table."""

    PASS = "pass"  # noqa: S105 - a verdict
    SIGN_OFF = "sign-off"
    BLOCK = "block"
