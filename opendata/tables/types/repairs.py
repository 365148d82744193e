"""Repairs of cells that break a rule: what is plainly meant, as the field's own rule reads it. Text in, text out.

Every kind keeps to what has one reading only; where a cell could mean two things, none is taken. Only `missing-mark`
changes what a cell says, and comes after all others.

Source: Table Schema v2; RFC 3986 and 3987 (addresses).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any
from urllib.parse import quote, urlsplit

from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.types.moments import read_moment, read_serial, rewrite_month, rewrite_year, write_moment

EXAMPLES = 5
"""So many cells are shown for each repair that is proposed."""

MISSING_MARK = "missing-mark"

Reads = Callable[[str | None], bool]
"""Whether a text (None: a missing value) is right under all rules of a field."""

Mend = Callable[[str], str | None]
"""One kind of repair at work in one field: a cell in, another text out; None where it has nothing to do."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A kind of repair as a person is told of it; both texts are to be translated."""

    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """A cell made right: its new text (None: a missing value), and by which kinds, in the order applied."""

    text: str | None
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A kind that would help in a field: how many cells take it (some other kinds besides), the commonest as examples.

    An example is a cell before and after all its repairs; after is None where it becomes a missing value.
    """

    kind: str
    field: str
    count: int
    examples: tuple[tuple[str, str | None], ...]


REPAIRS: Mapping[str, Repair] = {
    "full-width": Repair(
        N_("Full-width characters"),
        N_("Full-width letters, digits and signs become the usual ones; so do the digits of other scripts in numbers."),
    ),
    "trim-blanks": Repair(
        N_("Blanks around the value"),
        N_("Blanks and invisible characters before and after the value are removed."),
    ),
    "thousands-separators": Repair(
        N_("Separators of thousands"),
        N_("Commas or blanks between groups of three digits are removed: 1,234,567 becomes 1234567."),
    ),
    "number-text": Repair(
        N_("Decimal zeros of a whole number"),
        N_("The zeros that a spreadsheet puts behind a whole number are removed: 4111010001.0 becomes 4111010001."),
    ),
    "date-form": Repair(
        N_("Dates written in another form"),
        N_("Dates such as 2018/5/7, 2018年5月7日 or 20180507 are written as the schema asks; 05/07/2018 stays."),
    ),
    "excel-date": Repair(
        N_("Serial numbers of spreadsheet dates"),
        N_("The number by which a spreadsheet counts a day becomes its date: 43227 becomes 2018-05-07."),
    ),
    "leading-zeros": Repair(
        N_("Lost leading zeros"),
        N_("Codes of a fixed length get back the zeros in front that a spreadsheet has dropped."),
    ),
    "boolean-word": Repair(
        N_("Words for true and false"),
        N_("是 and 否, yes and no, Y and N, TRUE and FALSE become the words the schema has for true and false."),
    ),
    "enum-near-miss": Repair(
        N_("Values close to an allowed one"),
        N_("A value that differs from one allowed value only by case, width, blanks or one letter becomes that value."),
    ),
    "uri-escape": Repair(
        N_("Characters not allowed in an address"),
        N_("Blanks and characters beyond ASCII in an address are percent-encoded."),
    ),
    MISSING_MARK: Repair(
        N_("Marks for a missing value"),
        N_("Marks such as -, /, 无, N/A or NULL become a missing value. This changes what the cell says."),
    ),
}
"""The kinds of repair, in the order in which several are applied to one cell."""

_SPELLINGS = frozenset(["full-width", "trim-blanks"])
"""Kinds after which a text that stands for a missing value is still the one that was in the cell."""


class Repairer:
    """Repairs the cells of one field by the kinds that are allowed; `nulls` are the texts of its missing values."""

    def __init__(self, field: Mapping[str, Any], nulls: Sequence[str], kinds: Collection[str], reads: Reads) -> None:
        self._reads = reads
        self._nulls = frozenset(nulls)
        built = ((kind, build(field, reads)) for kind, build in _BUILDERS.items() if kind in kinds)
        self._mends = [(kind, mend) for kind, mend in built if mend is not None]
        self._may_miss = MISSING_MARK in kinds and reads(None)

    def repair(self, text: str) -> Repaired | None:
        """The fewest repairs after which the cell is right; None where there are none, or it is right already."""
        if self._reads(text):
            return None
        reached: list[tuple[str, tuple[str, ...], int]] = [(text, (), 0)]
        for source, kinds, start in reached:  # grows as it is read: one repair first, then two …
            for number in range(start, len(self._mends)):
                kind, mend = self._mends[number]
                mended = mend(source)
                if mended is None or mended == source:
                    continue
                step = (mended, (*kinds, kind), number + 1)
                if self._is_right(*step[:2]):
                    return Repaired(*step[:2])
                reached.append(step)
        if self._may_miss:
            for source, kinds, _ in reached:
                if _MARK.fullmatch(source):
                    return Repaired(None, (*kinds, MISSING_MARK))
        return None

    def _is_right(self, text: str, kinds: tuple[str, ...]) -> bool:
        return (text not in self._nulls or _SPELLINGS.issuperset(kinds)) and self._reads(text)


def propose_repairs(
    field: Mapping[str, Any], nulls: Sequence[str], wrong: Mapping[str, int], reads: Reads
) -> list[Proposal]:
    """Which kinds would help in a field: `wrong` has its distinct wrong cells, and how often each occurs."""
    repairer = Repairer(field, nulls, REPAIRS, reads)
    counts: Counter[str] = Counter()
    helped: defaultdict[str, list[tuple[int, str, str | None]]] = defaultdict(list)
    for text, count in wrong.items():
        repaired = repairer.repair(text)
        for kind in repaired.kinds if repaired else ():
            counts[kind] += count
            helped[kind].append((-count, text, repaired.text if repaired else None))
            if len(helped[kind]) > 64 * EXAMPLES:
                helped[kind] = nsmallest(EXAMPLES, helped[kind])
    return [
        Proposal(
            kind,
            field["name"],
            counts[kind],
            tuple((before, after) for _, before, after in nsmallest(EXAMPLES, helped[kind])),
        )
        for kind in REPAIRS
        if counts[kind]
    ]


# --- recipes


@dataclass(frozen=True, slots=True)
class Recipe:
    """The repairs accepted for a dataset: the kinds for each field, by its name."""

    kinds: Mapping[str, tuple[str, ...]]

    def describe(self) -> dict[str, Any]:
        """As JSON: `{"repairs": [{"fieldName": …, "kind": …}]}`."""
        return {"repairs": [{"fieldName": name, "kind": kind} for name, kinds in self.kinds.items() for kind in kinds]}


def read_recipe(source: object) -> Recipe:
    """Read a recipe from JSON that anyone may have written; whether its fields exist is not asked.

    Raises `InvalidMetadataError` with one fault per point.
    """
    faults = list(_find_recipe_faults(source))
    if faults:
        raise InvalidMetadataError(N_("The list of repairs cannot be used"), faults=faults)
    assert isinstance(source, Mapping)  # noqa: S101 - told by the faults
    found: dict[str, set[str]] = {}
    for item in source["repairs"]:
        found.setdefault(item["fieldName"], set()).add(item["kind"])
    return Recipe({name: tuple(kind for kind in REPAIRS if kind in kinds) for name, kinds in found.items()})


def _find_recipe_faults(source: object) -> Iterator[Fault]:
    if not isinstance(source, Mapping) or set(source) != {"repairs"}:
        yield fault("", N_("A list of repairs is a JSON object with “repairs” and nothing else"))
        return
    items, limit = source["repairs"], MAX_FIELDS * len(REPAIRS)
    if not isinstance(items, list):
        yield fault("/repairs", N_("“%(key)s” is a list"), key="repairs")
        return
    if len(items) > limit:
        yield fault("/repairs", N_("There are more than %(limit)s repairs"), limit=limit)
        return
    for number, item in enumerate(items):
        place = f"/repairs/{number}"
        if not isinstance(item, Mapping) or set(item) != {"fieldName", "kind"}:
            yield fault(place, N_("Each repair is an object with “fieldName” and “kind” and nothing else"))
            continue
        name, kind = item["fieldName"], item["kind"]
        if not isinstance(name, str) or not name or not _is_writable(name):
            yield fault(f"{place}/fieldName", N_("“fieldName” is the name of a field"))
        if not isinstance(kind, str) or kind not in REPAIRS:
            yield fault(f"{place}/kind", N_("“kind” is one of %(names)s"), names=", ".join(REPAIRS))


def _is_writable(text: str) -> bool:
    """Whether a text can be stored: it has no half of a surrogate pair and no NUL."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


# --- blanks and width

_INVISIBLE = "\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_BLANKS = "".join(character for character in map(chr, range(0x3001)) if character.isspace()) + _INVISIBLE
_NO_BLANKS = dict.fromkeys(map(ord, _BLANKS))
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

_NESTED = frozenset(["array", "geojson", "object"])
_TEXTS = frozenset(["any", "list", "string"])


def _build_trim(field: Mapping[str, Any], reads: Reads) -> Mend:  # noqa: ARG001
    return _trim


def _trim(text: str) -> str:
    return text.strip(_BLANKS)


def _build_full_width(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] in _NESTED:  # texts within it may be right in full width
        return None
    return _narrow if field["type"] in _TEXTS else _narrow_number


def _narrow(text: str) -> str | None:
    return None if text.isascii() else text.translate(_HALF_WIDTH)


def _narrow_number(text: str) -> str | None:
    narrow = _narrow(text)
    return narrow and "".join(str(unicodedata.decimal(sign, sign)) for sign in narrow)


# --- numbers and codes

_WHOLE = re.compile(r"([+-]?[0-9]+)\.0+")
_DIGITS = re.compile(r"[0-9]+")
_GROUP_MARKS = ",， \u00a0\u2009\u202f"
_LONGEST_CODE = 20

_FRACTIONS = frozenset(["any", "duration", "geopoint", "list", "number", "time"]) | _NESTED
"""Types in which a point followed by zeros may belong to the value."""


def _build_thousands(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] not in ("integer", "number"):
        return None
    decimal = field.get("decimalChar") or "."
    marks = "".join(mark for mark in _GROUP_MARKS if mark != decimal)
    grouped = re.compile(
        rf"([+-]?[1-9][0-9]{{0,2}}(?:(?P<mark>[{marks}])[0-9]{{3}})(?:(?P=mark)[0-9]{{3}})*)({re.escape(decimal)}[0-9]+)?"
    )

    def mend(text: str) -> str | None:
        found = grouped.fullmatch(text)
        return found and found[1].replace(found["mark"], "") + (found[3] or "")

    return mend


def _build_number_text(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] in _FRACTIONS:
        return None
    if field["type"] == "string":
        pattern = str((field.get("constraints") or {}).get("pattern", ""))
        if any("." in rule for rule in (pattern, *_list_choices(field))):  # codes that may have a point
            return None

    def mend(text: str) -> str | None:
        found = _WHOLE.fullmatch(text)
        return found and found[1]

    return mend


def _build_leading_zeros(field: Mapping[str, Any], reads: Reads) -> Mend | None:
    if field["type"] != "string":
        return None
    constraints = field.get("constraints") or {}
    least = constraints.get("minLength") or 0
    most = constraints.get("maxLength") or _LONGEST_CODE + 1

    def mend(text: str) -> str | None:
        if len(text) >= _LONGEST_CODE or not _DIGITS.fullmatch(text) or not text.strip("0"):
            return None
        right = None
        for length in range(max(len(text) + 1, least), min(most, _LONGEST_CODE + 1) + 1):
            padded = text.zfill(length)
            if reads(padded):
                if right is not None:
                    return None
                right = padded
        return right if right is None or len(right) <= _LONGEST_CODE else None

    return mend


# --- dates


def _build_date_form(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    match field["type"]:
        case "date" | "datetime":
            return lambda text: write_moment(field, read_moment(text, is_day=field["type"] == "date"))
        case "yearmonth":
            return rewrite_month
        case "year":
            return rewrite_year
    return None


def _build_excel_date(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] not in ("date", "datetime"):
        return None
    return lambda text: write_moment(field, read_serial(text, is_day=field["type"] == "date"))


# --- choices

_TRUE_WORDS = frozenset(["true", "yes", "y", "是"])
_FALSE_WORDS = frozenset(["false", "no", "n", "否"])
_MARK = re.compile(r"[-‐-―−－]{1,3}|[/／]|无|#?n/?a|null|none|nan", re.IGNORECASE)

_SHORTEST = 4
"""Of shorter texts one letter makes another word."""

_TELLING = re.compile(r"[\d\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Digits and ideographs: each says something of its own, so one of them in place of another is no slip."""


def _build_boolean_word(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] != "boolean":
        return None
    true = next(iter(field.get("trueValues") or ["true"]))
    false = next(iter(field.get("falseValues") or ["false"]))

    def mend(text: str) -> str | None:
        word = text.casefold()
        return true if word in _TRUE_WORDS else false if word in _FALSE_WORDS else None

    return mend


def _build_near_miss(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    choices = _list_choices(field) if field["type"] == "string" else ()
    return _Choices(choices).find if choices else None


def _list_choices(field: Mapping[str, Any]) -> Sequence[str]:
    """The texts of the enum and of the categories of a field."""
    enum = (field.get("constraints") or {}).get("enum") or ()
    categories = [item["value"] if isinstance(item, Mapping) else item for item in field.get("categories") or ()]
    return list(dict.fromkeys(item for item in (*enum, *categories) if isinstance(item, str)))


class _Choices:
    """Allowed texts, to find the closest one. One edit leaves half of a text as it is, so they are kept by halves."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._by_form: defaultdict[str, list[str]] = defaultdict(list)
        self._by_half: defaultdict[tuple[int, bool, str], list[str]] = defaultdict(list)
        for choice in choices:
            self._by_form[_normalise(choice)].append(choice)
        for form in self._by_form:
            middle = len(form) // 2
            self._by_half[len(form), True, form[:middle]].append(form)
            self._by_half[len(form), False, form[middle:]].append(form)

    def find(self, text: str) -> str | None:
        """The only choice that the text is, but for case, width and blanks, or one edit; None where there is none."""
        form = _normalise(text)
        near = {form} if form in self._by_form else self._find_near(form)
        found = [choice for item in near for choice in self._by_form[item]]
        if len(found) != 1 or (form not in near and not all(_is_slip(form, item) for item in near)):
            return None
        return found[0]

    def _find_near(self, form: str) -> set[str]:
        near: set[str] = set()
        for length in range(len(form) - 1, len(form) + 2):
            middle = length // 2
            halves = ((True, form[:middle]), (False, form[middle - length :]))
            near.update(*(self._by_half.get((length, *half), ()) for half in halves))
        return {item for item in near if _is_one_edit(form, item)}


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(_NO_BLANKS)


def _is_slip(one: str, other: str) -> bool:
    """Whether an edit between two texts may be a slip of the pen."""
    return min(len(one), len(other)) >= _SHORTEST and _TELLING.findall(one) == _TELLING.findall(other)


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one character put in, left out or changed makes one text of the other."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))
    return one[start + (len(one) == len(other)) :] == other[start + 1 :]


# --- addresses

_ALLOWED = "%:/?#[]@!$&'()*+,;=-._~"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _build_uri_escape(field: Mapping[str, Any], reads: Reads) -> Mend | None:  # noqa: ARG001
    if field["type"] != "string" or field.get("format") != "uri":
        return None
    return _escape


def _escape(text: str) -> str | None:
    if text != _trim(text) or _CONTROL.search(text) or text.count("://") > 1:  # it may be two addresses
        return None
    try:
        host = urlsplit(text).netloc
        return None if host.translate(_NO_BLANKS) != host else quote(text, safe=_ALLOWED)
    except ValueError:  # brackets that are no host, half a surrogate pair
        return None


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], Reads], Mend | None]] = {
    "full-width": _build_full_width,
    "trim-blanks": _build_trim,
    "thousands-separators": _build_thousands,
    "number-text": _build_number_text,
    "date-form": _build_date_form,
    "excel-date": _build_excel_date,
    "leading-zeros": _build_leading_zeros,
    "boolean-word": _build_boolean_word,
    "enum-near-miss": _build_near_miss,
    "uri-escape": _build_uri_escape,
}
"""How each kind is made for a field, in the order of `REPAIRS`; None where the kind is nothing for it."""
