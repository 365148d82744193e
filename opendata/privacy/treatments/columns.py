"""What a decision does to the cells of one column: text in, masked, coarser or pseudonymous text out; nulls stay null.

Source: GB/T 37964-2019, annex A (masking, generalisation, pseudonyms); RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from opendata.domain.privacy import Generalisation, Kind, Treatment
from opendata.privacy.detection.spans import find_spans
from opendata.privacy.masks import find_county, find_township, mask_value
from opendata.privacy.treatments.decisions import Decision

if TYPE_CHECKING:
    import pyarrow as pa

PSEUDONYM_CHARACTERS = 20
"""Hexadecimal digits of a pseudonym: 80 bits, so that a billion different values hardly ever share one."""

OLDEST_BAND = 90
"""Years: everybody of this age or more is in one band."""

Transform = Callable[["pa.Array"], "pa.Array"]

_YEAR = re.compile(r"(?<![0-9])(1[89][0-9]{2}|2[01][0-9]{2})")
_MONTH = re.compile(r"(?<![0-9])(1[89][0-9]{2}|2[01][0-9]{2})[-/.年]?(1[0-2]|0?[1-9])(?![0-9]{5})")


def build_transform(decision: Decision, key: bytes) -> Transform | None:
    """What changes the cells of a column by a decision; None if they stay as they are.

    The `key` makes pseudonyms: one for each dataset, kept secret. Raises `ValueError` if it's needed and too short.
    """
    match decision.treatment:
        case Treatment.MASK:
            if decision.within:
                return partial(_map_texts, partial(_mask_within, of_phones=decision.kind is Kind.MOBILE))
            return partial(_map_texts, partial(mask_value, decision.kind or Kind.SOCIAL))
        case Treatment.PSEUDONYMISE:
            if len(key) < 16:
                raise ValueError("the key of pseudonyms needs at least 16 bytes")
            return partial(_map_texts, partial(make_pseudonym, key))
        case Treatment.GENERALISE:
            return _build_generalisation(decision)
        case _:
            return None


def make_pseudonym(key: bytes, text: str) -> str:
    """The pseudonym of a value: HMAC-SHA-256, the first 80 bits in hexadecimal digits.

    Spaces around it, full-width characters and small letters make no difference, so that one person stays one.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_CHARACTERS]


def make_range(width: int, number: float) -> str:
    """The range of a number, its start inclusive and its end exclusive: [1000,2000)."""
    start = int(number // width) * width
    return f"[{start},{start + width})"


def make_band(width: int, age: int) -> str | None:
    """The band of an age in years: 30-39, and 90+ for all beyond; None for no age."""
    if age < 0:
        return None
    if age >= OLDEST_BAND:
        return f"{OLDEST_BAND}+"
    start = age // width * width
    return f"{start}-{min(start + width, OLDEST_BAND) - 1}"


def _build_generalisation(decision: Decision) -> Transform | None:
    match decision.to:
        case Generalisation.COUNTY:
            return partial(_map_texts, lambda text: find_county(text) or None)
        case Generalisation.TOWNSHIP:
            return partial(_map_texts, lambda text: find_township(text) or None)
        case Generalisation.YEAR:
            return partial(_map_texts, _take_year)
        case Generalisation.MONTH:
            return partial(_map_texts, _take_month)
        case Generalisation.AGE_BAND if decision.on:
            return partial(_map_texts, partial(_band_birth, decision.width, date.fromisoformat(decision.on)))
        case Generalisation.AGE_BAND:
            return partial(_map_texts, lambda text: make_band(decision.width, int(text)))
        case Generalisation.RANGE:
            return partial(_map_texts, partial(_range_text, decision.width))
        case None:
            return None


def _map_texts(change: Callable[[str], str | None], column: pa.Array) -> pa.Array:
    """Change each different text of a column once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
    coded = pc.dictionary_encode(texts)
    changed = pa.array([change(text) for text in coded.dictionary.to_pylist()], pa.string())
    return changed.take(coded.indices)


def _take_year(text: str) -> str | None:
    match = _YEAR.search(text)
    return match[1] if match else None


def _take_month(text: str) -> str | None:
    match = _MONTH.search(text)
    return f"{match[1]}-{int(match[2]):02}" if match else None


def _band_birth(width: int, on: date, text: str) -> str | None:
    born = date.fromisoformat(text[:10])
    return make_band(width, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


def _range_text(width: int, text: str) -> str | None:
    try:
        return make_range(width, float(text))
    except (ValueError, OverflowError):  # NaN and infinity are in no range
        return None


def _mask_within(text: str, *, of_phones: bool) -> str:
    """A text with the personal data in it masked."""
    parts, place = [], 0
    for span in find_spans(text, of_phones=of_phones):
        parts += [text[place : span.start], mask_value(span.kind, text[span.start : span.end])]
        place = span.end
    return "".join([*parts, text[place:]])
