"""Where in one text personal data is: the scalar form of the screen, for descriptions, attachments and masks.

In:   "请联系张工，电话13812345678"
Out:  one span: mobile-number, characters 10 to 21
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from opendata.domain.privacy import Kind
from opendata.privacy.detection.digits.check_digits import is_bank_card, is_old_resident_id, is_resident_id
from opendata.privacy.detection.words.addresses import find_homes
from opendata.privacy.detection.words.patterns import EMAIL, PLATE, SOCIAL
from opendata.privacy.notations import SEPARATOR, leave_out_invisible, narrow_digits

_FREE = r"(?<![A-Za-z0-9_.])"
_UNCUT = r"(?<![0-9])(?<![0-9]\.)"
"""Before a resident number: its check digit proves it, so letters may go before it."""

_END = r"(?![A-Za-z0-9_]|\.(?!0(?![A-Za-z_]|\.?[0-9]))[0-9])"
"""Behind a number: `.0` is what spreadsheets write behind whole numbers."""

_CONTEXT = 12
"""Characters before a number in which a word may say what it is."""

_CARD_WORDS = re.compile("卡号|账号|帐号|账户|银行卡|存折|开户")
_PHONE_WORDS = re.compile("手机|电话|联系|mobile|phone|tel", re.IGNORECASE)
_ID_WORDS = re.compile("身份证|证件|公民身份")
_PASSPORT_WORDS = re.compile("护照|passport", re.IGNORECASE)
_PERMIT_WORDS = re.compile("通行证|回乡证|台胞证|居留|居住证")


class Span(NamedTuple):
    """Personal data at a place in a text; `is_weak` if only a word near it says so."""

    kind: Kind
    start: int
    end: int
    is_weak: bool = False


def find_spans(text: str, *, of_phones: bool = False) -> list[Span]:
    """The personal data in a text, in order, without overlaps. Long numbers go before short ones.

    Texts `of_phones` come from a column of telephone numbers: 138.1234.5601 and 13,812,345,601 are some, too.
    """
    text = narrow_digits(text)
    plain = leave_out_invisible(text)
    found = [
        Span(span.kind, plain.find_start(span.start), plain.find_end(span.end))
        for span in _apply_rules(plain.text, of_phones=of_phones)
    ]
    if plain.places:  # an invisible character may also be all that is between two numbers
        found += _apply_rules(text, of_phones=of_phones)
    found += [Span(Kind.ADDRESS, start, end) for start, end in find_homes(text)]
    return list(_leave_out_overlaps(found))


def _apply_rules(text: str, *, of_phones: bool) -> Iterator[Span]:
    for kind, pattern, is_right in _list_rules():
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - _CONTEXT) : match.start()]
            if is_right(match[0], f"tel{before}" if of_phones else before):
                yield Span(kind, match.start(), match.end())


def _leave_out_overlaps(found: Sequence[Span]) -> Iterator[Span]:
    kept: list[Span] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    yield from sorted(kept, key=lambda span: span.start)


Rule = tuple[Kind, re.Pattern[str], Callable[[str, str], bool]]


@cache
def _list_rules() -> list[Rule]:
    """The kinds with their patterns and what must hold of a match and the words before it, the strictest first."""

    def always(_match: str, _before: str) -> bool:
        return True

    return [
        (
            Kind.RESIDENT_ID,
            re.compile(
                rf"{_UNCUT}[1-9][0-9]{{5}}{SEPARATOR}?[0-9]{{4}}{SEPARATOR}?[0-9]{{4}}{SEPARATOR}?[0-9]{{3}}[0-9Xx]{_END}"
            ),
            lambda text, _: is_resident_id(re.sub(SEPARATOR, "", text)),
        ),
        (
            Kind.RESIDENT_ID,
            re.compile(rf"{_FREE}[1-9][0-9]{{14}}{_END}"),
            lambda text, before: is_old_resident_id(text) and bool(_ID_WORDS.search(before)),
        ),
        (
            Kind.BANK_CARD,
            re.compile(rf"{_FREE}[3-9][0-9]{{15,18}}{_END}"),
            lambda text, before: is_bank_card(text) or (bool(_CARD_WORDS.search(before)) and not is_resident_id(text)),
        ),
        (
            Kind.BANK_CARD,
            re.compile(rf"{_FREE}[3-9][0-9]{{3}}(?:{SEPARATOR}[0-9]{{4}}){{3}}(?:{SEPARATOR}[0-9]{{1,3}})?{_END}"),
            lambda text, before: is_bank_card(re.sub(SEPARATOR, "", text)) or bool(_CARD_WORDS.search(before)),
        ),
        (
            Kind.MOBILE,
            re.compile(
                rf"{_FREE}(?<![0-9]-)(?:(?:\+|00)?86{SEPARATOR}?)?1[3-9][0-9](?:{SEPARATOR}?[0-9]{{4}}){{2}}{_END}"
            ),
            always,
        ),
        (
            Kind.MOBILE,
            re.compile(
                rf"{_FREE}(?<![0-9],)(?:1[3-9][0-9]\.[0-9]{{4}}\.[0-9]{{4}}|1[3-9](?:,[0-9]{{3}}){{3}}|1[3-9][0-9]{{9}})"
                r"(?:\.0+)?(?![A-Za-z0-9_]|[.,][0-9])"
            ),
            lambda _, before: bool(_PHONE_WORDS.search(before)),
        ),
        (
            Kind.LANDLINE,
            re.compile(
                rf"{_FREE}(?<![0-9]-)[(（]?0[1-9][0-9]{{1,2}}(?:[)）]|{SEPARATOR}) ?[1-9][0-9]{{6,7}}"
                rf"(?:-[0-9]{{1,5}})?{_END}"
            ),
            always,
        ),
        (
            Kind.PASSPORT,
            re.compile(rf"{_FREE}(?:[EGDSP][0-9]{{8}}|[EDSP][A-HJ-NP-Z][0-9]{{7}}){_END}"),
            lambda _, before: bool(_PASSPORT_WORDS.search(before)),
        ),
        (
            Kind.TRAVEL_PERMIT,
            re.compile(rf"{_FREE}(?:[HMC][0-9]{{8}}(?:[0-9]{{2}})?|[0-9]{{8}}){_END}"),
            lambda _, before: bool(_PERMIT_WORDS.search(before)),
        ),
        (Kind.MILITARY_ID, re.compile("[军士文职南北沈兰成济广海空参政后装]{1,2}字第[0-9]{6,8}号?"), always),
        (Kind.EMAIL, re.compile(EMAIL), always),
        (Kind.PLATE, re.compile(rf"(?<![A-Z0-9]){PLATE}(?![A-Z0-9])"), always),
        (Kind.SOCIAL, re.compile(SOCIAL), always),
    ]
