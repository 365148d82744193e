"""Identifiers made of digits: resident numbers, mobile and landline numbers, bank cards, passports and permits.

In, the runs of digits of a column (`cells`). Out, tallies: how many cells match, how many have the same shape.
Source: GB 11643-1999; the national numbering plan (mobile numbers: 11 digits from 13 to 19; area codes 010, 02x, 0xxx);
bank cards have 16 to 19 digits (ISO/IEC 7812-1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.domain.privacy import Kind
from opendata.privacy.detection.cells import Cells, Runs
from opendata.privacy.detection.digits.check_digits import (
    have_card_prefix,
    have_luhn_check,
    have_old_structure,
    have_resident_structure,
)
from opendata.privacy.detection.tallies import Tallies
from opendata.tables.check.rules.check_digits import have_resident_check

if TYPE_CHECKING:
    import numpy as np

_AROUND = 5
"""A cell has other text around a number if it is longer by more than this many bytes (+86, brackets, spaces)."""

_HYPHEN, _DOT, _UNDERLINE, _SPACE, _CLOSE, _ZERO = b"-._ )0"
_BODY = 17
_LEAST_CARD = 3


def count_digit_runs(cells: Cells, tallies: Tallies) -> None:
    """Count the identifiers in the runs of digits of a column."""
    runs = cells.runs
    if not len(runs.starts):
        return
    longest = int(runs.lengths.max())
    if longest >= 11:
        long = runs.choose(runs.lengths >= 11)
        are_free = _stand_free(long)
        if not are_free.all():
            _count_embedded_residents(cells, long.choose(~are_free), tallies)
        free = long.choose(are_free)
        if len(free.starts):
            residents = _count_residents(cells, free, tallies)
            _count_mobiles(cells, free, tallies)
            _count_joined_landlines(cells, free, tallies)
            _count_cards(cells, free.choose(~residents), tallies)
    _count_short(cells, runs.choose(runs.lengths <= 10), tallies)


def _stand_free(runs: Runs) -> np.ndarray:
    """Whether runs are whole numbers: not part of a code, a decimal fraction or a longer number with hyphens."""
    import numpy as np

    before = runs.look(-1)
    free = ~(_are_word(before) | (before == _DOT))
    hyphens = np.flatnonzero(before == _HYPHEN)
    if len(hyphens):
        cut = runs.choose(hyphens)
        again = cut.look(-2)
        free[hyphens] &= ~_are_word(again) | ((again == ord("6")) & (cut.look(-3) == ord("8")))
    found: np.ndarray = free & _end_free(runs)
    return found


def _end_free(runs: Runs) -> np.ndarray:
    """Whether nothing of a code or a fraction is behind runs; `.0` is what spreadsheets write behind whole numbers."""
    import numpy as np

    after = runs.look_behind()
    ends: np.ndarray = ~_are_word(after)
    letters = (after | 0x20 == ord("x")) & (runs.lengths == _BODY)
    if letters.any():
        ends |= letters & ~_are_word(runs.look_behind(1))
    dots = np.flatnonzero(after == _DOT)
    if len(dots):
        dotted = runs.choose(dots)
        decimal, behind = dotted.look_behind(1), dotted.look_behind(2)
        is_whole = (decimal == _ZERO) & ~_are_word(behind)
        is_whole &= (behind != _DOT) | ~_are_digits(dotted.look_behind(3))
        ends[dots] &= ~_are_digits(decimal) | is_whole
    return ends


def _count_embedded_residents(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count resident numbers directly behind letters: ID1101…, No.1101…; their check digits prove them."""
    import numpy as np

    whole = runs.choose((runs.lengths == _BODY) | (runs.lengths == _BODY + 1))
    if not len(whole.starts):
        return
    before = whole.look(-1)
    free = _are_word(before)  # no digit: the run would begin with it
    dots = np.flatnonzero(before == _DOT)
    if len(dots):
        free[dots] = ~_are_digits(whole.choose(dots).look(-2))
    chosen = whole.choose(free & _end_free(whole))
    if len(chosen.starts):
        _count_residents(cells, chosen, tallies)


def _count_residents(cells: Cells, runs: Runs, tallies: Tallies) -> np.ndarray:
    """Count resident numbers of both forms; which runs are one."""
    import numpy as np

    found = np.zeros(len(runs.starts), bool)
    after = runs.look_behind()
    ends_in_x = (runs.lengths == _BODY) & (after | 0x20 == ord("x"))
    places = np.flatnonzero((runs.lengths == _BODY + 1) | ends_in_x)
    if len(places):
        long = runs.choose(places)
        digits = long.read_digits(_BODY)
        structured = have_resident_structure(digits)
        last = np.where(ends_in_x[places], 10, long.look(_BODY).astype(np.int64) - 48)
        right = structured & have_resident_check(digits, last)
        found[places[right]] = True
        tally = tallies.of(Kind.RESIDENT_ID)
        tally.rivals += _count_rows(long.rows[structured])
        tally.checked += _count_rows(long.rows[right])
        _keep(cells, long.choose(right), tallies, Kind.RESIDENT_ID, _BODY + 1)
    old = np.flatnonzero(runs.lengths == 15)
    if len(old):
        short = runs.choose(old)
        right = have_old_structure(short.read_digits(15))
        tally = tallies.of(Kind.RESIDENT_ID)
        tally.weak += _count_rows(short.rows[right])
        if right.any():
            tally.add_example(cells.read_text(int(short.rows[right][0]))[:15])
        tallies.of(Kind.BANK_CARD).weak += int(np.count_nonzero(~right))  # shape rivals of the old form
    return found


def _count_mobiles(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count runs of 11 digits from 13 to 19, also behind 86 and 0086; other runs of 11 digits are rivals."""
    import numpy as np

    for length, prefix in ((11, ()), (13, (8, 6)), (15, (0, 0, 8, 6))):
        chosen = runs.choose(runs.lengths == length)
        if not len(chosen.starts):
            continue
        digits = chosen.read_digits(length)
        fits = np.ones(len(digits), bool)
        for place, digit in enumerate(prefix):
            fits &= digits[:, place] == digit
        body = digits[:, len(prefix) :]
        right = fits & (body[:, 0] == 1) & (body[:, 1] >= 3)
        tally = tallies.of(Kind.MOBILE)
        tally.rivals += _count_rows(chosen.rows[right if prefix else body[:, 0] != 0])
        if right.any():
            tally.bound(body[right].astype(np.int64) @ (10 ** np.arange(10, -1, -1)))
            _keep(cells, chosen.choose(right), tallies, Kind.MOBILE, length)


def _count_joined_landlines(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count landline numbers without a hyphen: a known length of area code, then 7 or 8 digits from 2 to 8."""
    chosen = runs.choose((runs.lengths == 11) | (runs.lengths == 12))
    if not len(chosen.starts):
        return
    digits = chosen.read_digits(11)
    chosen, digits = chosen.choose(digits[:, 0] == 0), digits[digits[:, 0] == 0]
    if not len(digits):
        return
    short = (digits[:, 1] == 2) | ((digits[:, 1] == 1) & (digits[:, 2] == 0))
    local = digits[:, 3] * short + digits[:, 4] * ~short
    right = (short | (digits[:, 1] >= 3)) & ~(short & (chosen.lengths == 12)) & (local >= 2) & (local <= 8)
    tally = tallies.of(Kind.LANDLINE)
    tally.rivals += _count_rows(chosen.rows)
    tally.weak += _count_rows(chosen.rows[right])
    if right.any():
        tally.add_example(cells.read_text(int(chosen.rows[right][0])))


def _count_cards(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count bank cards: a card's prefix and Luhn's test; those with the prefix alone are rivals."""
    import numpy as np

    for length in (16, 17, 18, 19):
        chosen = runs.choose(runs.lengths == length)
        if not len(chosen.starts):
            continue
        digits = chosen.read_digits(length)
        plausible = digits[:, 0] >= _LEAST_CARD
        if length == _BODY + 1:
            plausible &= ~have_resident_structure(digits)
        chosen, digits = chosen.choose(plausible), digits[plausible]
        prefixed, passes = have_card_prefix(digits), have_luhn_check(digits)
        tally = tallies.of(Kind.BANK_CARD)
        tally.rivals += _count_rows(chosen.rows[prefixed])
        tally.runs += len(chosen.starts)
        tally.short += len(chosen.starts) if length == 16 else 0
        right = prefixed & passes
        tally.bound(digits[right].astype(np.int64) @ (10 ** np.arange(length - 1, -1, -1)))
        _keep(cells, chosen.choose(right), tallies, Kind.BANK_CARD, length)


def _count_short(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count runs of 7 to 10 digits behind an area code (landlines) or behind letters (passports and permits)."""
    if not len(runs.starts):
        return
    before = runs.look_ahead_unchecked()
    joins = ((before == _HYPHEN) | (before == _CLOSE) | (before == _SPACE)) & (runs.lengths <= 8)
    if joins.any():
        _count_landlines(cells, runs.choose(joins), tallies)
    letters = (before >= ord("A")) & (before <= ord("Z"))
    if letters.any():
        _count_documents(cells, runs.choose(letters), tallies)


def _count_landlines(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count runs of 7 or 8 digits with an area code of 3 or 4 digits and a hyphen, bracket or space before them."""
    here = [runs.look(-distance) for distance in (2, 3, 4, 5, 6)]
    middle = _are_digits(here[0]) & _are_digits(here[1])
    three = middle & (here[2] == _ZERO) & (here[1] != _ZERO) & ~_are_word(here[3]) & (here[3] != _HYPHEN)
    four = middle & _are_digits(here[2]) & (here[2] != _ZERO) & (here[3] == _ZERO)
    four &= ~_are_word(here[4]) & (here[4] != _HYPHEN)
    right = (three | four) & (runs.look(0) != _ZERO)
    if right.any():
        right &= ~_are_word(runs.look_behind())
        chosen = runs.choose(right)
        _keep(cells, chosen, tallies, Kind.LANDLINE, 13, ahead=5)


def _count_documents(cells: Cells, runs: Runs, tallies: Tallies) -> None:
    """Count passports (E or G and 8 digits, E, a letter and 7) and permits (H, M or C and 8 or 10 digits)."""
    import numpy as np

    before, ahead = runs.look(-1), runs.look(-2)
    ends = ~_are_word(runs.look_behind())
    single = ends & ~_are_word(ahead)
    double = ends & (runs.lengths == 7) & np.isin(ahead, np.frombuffer(b"EDSP", np.uint8))
    double &= ~_are_word(runs.look(-3)) & (before != ord("I")) & (before != ord("O"))
    passports = double | (single & (runs.lengths == 8) & np.isin(before, np.frombuffer(b"EGDSP", np.uint8)))
    permits = single & np.isin(before, np.frombuffer(b"HMC", np.uint8))
    permits &= (runs.lengths == 8) | ((runs.lengths == 10) & (before != ord("C")))
    for kind, right in ((Kind.PASSPORT, passports), (Kind.TRAVEL_PERMIT, permits)):
        if right.any():
            chosen = runs.choose(right)
            tally = tallies.of(kind)
            digits = chosen.read_digits(7).astype(np.int64)
            tally.bound(digits @ (10 ** np.arange(6, -1, -1)))
            head = digits[:, 0] * 10 + digits[:, 1]
            tally.weak += _count_rows(chosen.rows[(head == 19) | (head == 20)])  # years: a code, not a document
            _keep(cells, chosen, tallies, kind, 9)


def _keep(cells: Cells, runs: Runs, tallies: Tallies, kind: Kind, length: int, *, ahead: int = 0) -> None:
    """Count the rows of matches of a kind, of about `length` bytes that begin `ahead` of the run; keep examples."""
    import numpy as np

    if not len(runs.starts):
        return
    tally = tallies.of(kind)
    tally.count += _count_rows(runs.rows)
    if cells.longest > length + _AROUND:
        tally.inside += int(np.count_nonzero(cells.lengths[np.unique(runs.rows)] > length + _AROUND))
    for place in range(min(len(runs.starts), 3) if len(tally.examples) < 3 else 0):
        row = int(runs.rows[place])
        start = max(int(runs.starts[place]) - ahead, int(cells.offsets[row]))
        end = min(start + length, int(cells.offsets[row + 1]))
        tally.add_example(cells.data[start:end].tobytes().decode("utf-8", "ignore").lstrip("：:， "))


def _count_rows(rows: np.ndarray) -> int:
    """How many different rows there are in an ascending list."""
    import numpy as np

    return int(np.count_nonzero(np.diff(rows))) + 1 if len(rows) else 0


def _are_digits(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = (values >= 48) & (values <= 57)
    return found


def _are_word(values: np.ndarray) -> np.ndarray:
    """Which bytes are ASCII letters, digits or the underline."""
    letters = values | 0x20
    found: np.ndarray = _are_digits(values) | ((letters >= 97) & (letters <= 122)) | (values == _UNDERLINE)
    return found
