"""From tallies to verdicts: one for each column and kind, with the signs it rests on.

A number proves itself by its check digit if far more cells pass than the one in ten or eleven that pass by chance.
Shapes without a check digit need a share. Where only a column's name makes cells personal, they must still fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from opendata.domain.privacy import Certainty, Evidence, Kind, PrivacyFinding, Sign, make_sign
from opendata.privacy.detection.columns import ScreenedColumn
from opendata.privacy.detection.tallies import Tally

_RESIDENT_CHANCE, _LUHN_CHANCE = 1 / 11, 1 / 10
_MAJORITY = 0.5
_SHAPE = 0.8
_ONE = 0.9
_LEAST_HOMES = 0.2
_PROSE_BYTES = 90
"""Bytes: columns whose values are longer on average are prose, in which one address is worth a finding."""
_FEW = 8
_LEAST_LOOSE = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind found in a column: in how many cells, how surely, by which signs."""

    kind: Kind
    count: int
    certainty: Certainty
    signs: tuple[Sign, ...]


def judge_column(resource: str, column: ScreenedColumn) -> list[PrivacyFinding]:
    """The findings of one column, in the order of the kinds."""
    verdicts = [verdict for judge in _JUDGES if (verdict := judge(column)) is not None and verdict.count]
    return [describe_verdict(resource, column, verdict) for verdict in verdicts]


def describe_verdict(resource: str, column: ScreenedColumn, verdict: Verdict) -> PrivacyFinding:
    """A verdict as the finding that is kept."""
    tally = column.tallies.find(verdict.kind)
    hint = column.hints.get(verdict.kind)
    named = (make_sign(Evidence.COLUMN_NAME, word=hint),) if hint else ()
    inside = (make_sign(Evidence.INSIDE_TEXT, count=tally.inside),) if tally is not None and tally.inside else ()
    return PrivacyFinding(
        resource=resource,
        field=column.name,
        kind=verdict.kind,
        count=verdict.count,
        share=min(1.0, verdict.count / max(1, column.tallies.values)),
        certainty=verdict.certainty,
        evidence=(*named, *verdict.signs, *inside),
        examples=tuple(tally.examples) if tally is not None else (),
    )


def _beats_chance(count: int, rivals: int, chance: float) -> bool:
    """Whether more numbers pass a check digit than chance explains."""
    if count >= _MAJORITY * rivals:
        return count > 0
    return count >= 3 and count > rivals * chance + 3 * sqrt(rivals * chance)


def _judge_residents(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.RESIDENT_ID)
    if tally is None:
        return None
    old = tally.weak
    others = column.tallies.of(Kind.BANK_CARD).weak
    hinted = Kind.RESIDENT_ID in column.hints
    if not (hinted and old) and not (old >= 2 and old > 4 * others) and not (tally.checked and old > others):
        old = 0
    if _beats_chance(tally.checked, tally.rivals, _RESIDENT_CHANCE):
        sign = make_sign(Evidence.CHECK_DIGIT, count=tally.checked, of=tally.rivals)
        return Verdict(Kind.RESIDENT_ID, tally.checked + old, Certainty.CERTAIN, (sign,))
    if hinted and tally.rivals:
        sign = make_sign(Evidence.PATTERN, count=tally.rivals, of=column.tallies.values)
        return Verdict(Kind.RESIDENT_ID, tally.rivals + old, Certainty.LIKELY, (sign,))
    if old:
        sign = make_sign(Evidence.PATTERN, count=old, of=old + others)
        return Verdict(Kind.RESIDENT_ID, old, Certainty.LIKELY, (sign,))
    return None


def _judge_mobiles(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.MOBILE)
    if tally is None:
        return None
    hinted = Kind.MOBILE in column.hints
    is_counted = hinted or (tally.count >= _MAJORITY * tally.rivals and not tally.is_serial)
    is_loose = hinted or (tally.weak >= _LEAST_LOOSE and tally.weak >= _SHAPE * column.tallies.values)
    loose = tally.weak if is_loose else 0
    count = (tally.count if is_counted else 0) + loose
    sign = make_sign(Evidence.PATTERN, count=count, of=tally.rivals + loose)
    is_sure = hinted or (not loose and count >= _SHAPE * tally.rivals)
    return Verdict(Kind.MOBILE, count, Certainty.CERTAIN if is_sure else Certainty.LIKELY, (sign,)) if count else None


def _judge_landlines(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.LANDLINE)
    if tally is None:
        return None
    hinted = Kind.LANDLINE in column.hints
    joined = tally.weak if hinted or (tally.weak >= 5 and tally.weak >= 0.95 * tally.rivals) else 0
    count = tally.count + joined + (tally.hinted if hinted else 0)
    sign = make_sign(Evidence.PATTERN, count=count, of=column.tallies.values)
    return Verdict(Kind.LANDLINE, count, Certainty.LIKELY, (sign,)) if count else None


def _judge_cards(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.BANK_CARD)
    if tally is None:
        return None
    if Kind.BANK_CARD in column.hints and tally.hinted + tally.rivals:
        count = max(tally.hinted, tally.rivals)
        sign = make_sign(Evidence.CARD_PREFIX, count=tally.rivals, of=count)
        return Verdict(Kind.BANK_CARD, count, Certainty.LIKELY, (sign,))
    is_many = tally.count >= _MAJORITY * tally.runs or tally.count > tally.chance + 3 * sqrt(tally.chance) + _ONE
    if is_many and _beats_chance(tally.count, tally.rivals, _LUHN_CHANCE) and not tally.is_serial:
        sign = make_sign(Evidence.CHECK_DIGIT, count=tally.count, of=tally.rivals)
        return Verdict(Kind.BANK_CARD, tally.count, Certainty.CERTAIN if tally.count > 2 else Certainty.LIKELY, (sign,))
    return None


def _judge_documents(column: ScreenedColumn, kind: Kind) -> Verdict | None:
    tally = column.tallies.find(kind)
    if tally is None:
        return None
    if kind in column.hints:
        count = max(tally.count, tally.hinted)
        others = sum(_count(column, other) for other in (Kind.RESIDENT_ID,))
        sign = make_sign(Evidence.PATTERN, count=count, of=column.tallies.values)
        is_likely = count > _MAJORITY * (column.tallies.values - others)
        certainty = Certainty.LIKELY if is_likely else Certainty.POSSIBLE
        return Verdict(kind, count, certainty, (sign,)) if count else None
    if tally.count < 5 or tally.count < _SHAPE * column.tallies.values:
        return None
    if tally.is_serial or tally.weak > _MAJORITY * tally.count:
        return None
    sign = make_sign(Evidence.PATTERN, count=tally.count, of=column.tallies.values)
    return Verdict(kind, tally.count, Certainty.POSSIBLE, (sign,))


def _judge_passports(column: ScreenedColumn) -> Verdict | None:
    return _judge_documents(column, Kind.PASSPORT)


def _judge_permits(column: ScreenedColumn) -> Verdict | None:
    return _judge_documents(column, Kind.TRAVEL_PERMIT)


def _judge_military(column: ScreenedColumn) -> Verdict | None:
    return _judge_documents(column, Kind.MILITARY_ID)


def _judge_emails(column: ScreenedColumn) -> Verdict | None:
    return _judge_pattern(column, Kind.EMAIL, Certainty.CERTAIN)


def _judge_plates(column: ScreenedColumn) -> Verdict | None:
    return _judge_pattern(column, Kind.PLATE, Certainty.LIKELY)


def _judge_pattern(column: ScreenedColumn, kind: Kind, certainty: Certainty) -> Verdict | None:
    count = _count(column, kind)
    sign = make_sign(Evidence.PATTERN, count=count, of=column.tallies.values)
    return Verdict(kind, count, certainty, (sign,)) if count else None


def _judge_social(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.SOCIAL)
    if tally is None:
        return None
    if Kind.SOCIAL in column.hints and tally.hinted:
        sign = make_sign(Evidence.PATTERN, count=tally.hinted, of=column.tallies.values)
        return Verdict(Kind.SOCIAL, max(tally.hinted, tally.count), Certainty.LIKELY, (sign,))
    sign = make_sign(Evidence.CONTEXT_WORD, word="微信/QQ")
    return Verdict(Kind.SOCIAL, tally.count, Certainty.LIKELY, (sign,)) if tally.count else None


def _judge_names(column: ScreenedColumn) -> Verdict | None:
    """Names by the sample of different values: surnames in front, and characters of given names behind."""
    tally = column.tallies.find(Kind.NAME)
    if tally is None or not tally.count:
        return None
    found = column.names.measure()
    if not found.named:
        return None
    named, typical = found.named / found.values, found.typical / found.named
    frequent = found.frequent / found.named
    short = tally.rivals / max(1, column.tallies.values)
    if Kind.NAME in column.hints:
        is_found, is_sure = named >= 0.3 and typical >= 0.25, named >= 0.7
    elif found.values < _FEW:
        bar = (0.9, 0.6, 0.0) if short >= _MAJORITY else (1.0, 0.9, 0.5)
        is_found = found.surnames >= 2 and named >= bar[0] and typical >= bar[1] and frequent >= bar[2]
        is_sure = False
    else:
        spread = found.surnames >= min(5, found.named // 3)
        bar = (0.75, 0.45, 0.3) if short >= _MAJORITY else (0.85, 0.6, 0.4)
        is_typical = named >= 0.95 and typical >= 0.8
        is_found = spread and named >= bar[0] and typical >= bar[1] and (frequent >= bar[2] or is_typical)
        is_sure = is_found and named >= 0.9 and typical >= 0.6
    if not is_found:
        return None
    sign = make_sign(Evidence.SURNAMES, count=found.named, of=found.values)
    return Verdict(Kind.NAME, tally.count, Certainty.LIKELY if is_sure else Certainty.POSSIBLE, (sign,))


def _judge_addresses(column: ScreenedColumn) -> Verdict | None:
    tally = column.tallies.find(Kind.ADDRESS)
    if tally is None:
        return None
    values = max(1, column.tallies.values)
    sign = make_sign(Evidence.HOME_WORDS, count=tally.count, of=values)
    if Kind.ADDRESS in column.hints and tally.count + tally.weak:
        return Verdict(Kind.ADDRESS, tally.count + tally.weak, Certainty.LIKELY, (sign,))
    is_prose = column.tallies.bytes > _PROSE_BYTES * values
    if not tally.count or (not is_prose and tally.count < _LEAST_HOMES * values):
        return None
    is_likely = tally.count >= 0.3 * values
    return Verdict(Kind.ADDRESS, tally.count, Certainty.LIKELY if is_likely else Certainty.POSSIBLE, (sign,))


def _judge_birth_dates(column: ScreenedColumn) -> Verdict | None:
    """Dates whose column is named after births; `screen` judges the others, which need a person beside them."""
    years = column.years
    if Kind.BIRTH_DATE not in column.hints or not years.total:
        return None
    sign = make_sign(Evidence.YEARS, first=years.find_quantile(0.0), last=years.find_quantile(1.0))
    return Verdict(Kind.BIRTH_DATE, years.total, Certainty.LIKELY, (sign,))


def judge_lifetimes(column: ScreenedColumn, person: str) -> Verdict | None:
    """Dates without a name that hints at births, in a table with persons: spread over a lifetime, hardly any recent."""
    years = column.years
    if Kind.BIRTH_DATE in column.hints or years.total < _FEW or years.others > 0.05 * years.total:
        return None
    first, middle, last = (years.find_quantile(share) for share in (0.05, 0.5, 0.95))
    if last - first < 25 or not 1930 <= middle <= 2012 or first > 1985:
        return None
    signs = (make_sign(Evidence.YEARS, first=first, last=last), make_sign(Evidence.BESIDE, field=person))
    return Verdict(Kind.BIRTH_DATE, years.total, Certainty.POSSIBLE, signs)


def _count(column: ScreenedColumn, kind: Kind) -> int:
    tally: Tally | None = column.tallies.find(kind)
    return tally.count if tally is not None else 0


_JUDGES = (
    *(_judge_residents, _judge_passports, _judge_permits, _judge_military, _judge_mobiles, _judge_landlines),
    *(_judge_cards, _judge_emails, _judge_plates, _judge_addresses, _judge_names, _judge_birth_dates, _judge_social),
)
