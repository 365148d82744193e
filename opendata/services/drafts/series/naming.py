"""What the names of files and sheets say that tells the parts of a series apart: periods, or areas.

In, `产值2026年01月`, `产值2026年02月`     Out, 2026-01, 2026-02 and `产值`
In, `人口安平县`, `人口饶阳县`              Out, 安平县, 饶阳县 and `人口`
In, `1月`, `2月` of a workbook of 2026    Out, 2026-01, 2026-02 and nothing
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from opendata.domain.editions.series import COLUMNS, Cut
from opendata.intake.meaning.periods import find_partial, find_period, strip_period

_ANY_YEAR = 2000
_HAN = re.compile(r"[\u3400-\u9fff]")
_AREA = re.compile(
    r"[\u3400-\u9fff]{2,12}?(?:特别行政区|自治[区州县旗]|高新区|开发区|新区|地区|街道|[省市县区旗盟州镇乡村])"
)
_SUFFIX = re.compile(r"(?:特别行政区|自治[区州县旗]|高新区|开发区|新区|地区|街道|[省市县区旗盟州镇乡村])")
_BETWEEN = " _-—.·,，、()（）"
_LEAST_AREA = 3
"""Names of areas have at least so many characters: what two of them begin with alike belongs to them."""


@dataclass(frozen=True, slots=True)
class NamedPart:
    """What a name says: what the parts are cut by, the value of this one, and the rest of the name."""

    cut: Cut
    value: str
    rest: str


def read_name(name: str, year: int | None = None) -> NamedPart | None:
    """The period in the name of a file or sheet, whose year something else may say; None where it has none.

    Without a year the value is the text itself, such as `1月`.
    """
    seen = find_period(name)
    if seen is not None:
        return (
            None if seen.period.is_interval else NamedPart(Cut(seen.period.kind), seen.period.text, strip_period(name))
        )
    partial = find_partial(name, year or _ANY_YEAR)
    if partial is None or partial.period.is_interval:
        return None
    rest = f"{name[: partial.start]}{name[partial.end :]}".strip(_BETWEEN)
    value = partial.period.text if year is not None else name[partial.start : partial.end].strip()
    return NamedPart(Cut(partial.period.kind), value, rest)


def read_areas(names: Sequence[str]) -> Sequence[NamedPart] | None:
    """The areas by which names differ, and by nothing else; None where that isn't what they differ by."""
    if len(set(names)) < len(names) or len(names) < 2:
        return None
    start = _find_beginning(names)
    end = _find_beginning([name[len(start) :][::-1] for name in names])[::-1]
    suffix = _SUFFIX.match(end)
    end = end[suffix.end() :] if suffix else end
    areas = [name[len(start) : len(name) - len(end)] for name in names]
    while start and _HAN.match(start[-1]) and any(len(area) < _LEAST_AREA for area in areas):
        areas = [start[-1] + area for area in areas]
        start = start[:-1]
    if not all(_AREA.fullmatch(area) for area in areas):
        return None
    rest = f"{start}{end}".strip(_BETWEEN)
    return [NamedPart(Cut.AREA, area, rest) for area in areas]


def read_area(name: str, rest: str) -> str | None:
    """The area in a name, which has besides only what the other names of its series have; None where it isn't so."""
    bare = name.strip(_BETWEEN)
    if rest and bare.startswith(rest):
        bare = bare[len(rest) :]
    elif rest and bare.endswith(rest):
        bare = bare[: -len(rest)]
    bare = bare.strip(_BETWEEN)
    return bare if _AREA.fullmatch(bare) else None


def _find_beginning(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    size = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:size]


def read_value(cut: Cut, rest: str, names: Sequence[str]) -> str | None:
    """What the names of a sheet and its file say of all its rows, in a series that is cut like this; None: nothing."""
    if cut == Cut.NAME:
        return names[0]
    if cut == Cut.AREA:
        return next((area for name in names if (area := read_area(name, rest)) is not None), None)
    of_file = read_name(names[-1])
    year = int(of_file.value[:4]) if of_file is not None and of_file.value[:4].isdigit() else None
    said = (named for name in names if (named := read_name(name, year)) is not None and named.cut == cut)
    return next((named.value for named in said), None)


def name_column(cut: Cut, labels: Sequence[str]) -> str:
    """What the column that tells the parts apart is called in a table with these columns."""
    chinese, other = COLUMNS[cut]
    return chinese if any(_HAN.search(label) for label in labels) or not labels else other
