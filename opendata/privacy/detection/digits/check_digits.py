"""Numbers whose digits prove what they are: resident identity numbers and bank cards, whole columns at once.

In, digits (rows x places). Out, for each row: has it the structure, and does the check digit fit?
Source: GB 11643-1999 (resident identity number), ISO 7064 MOD 11-2, ISO/IEC 7812-1 annex B (Luhn). Residence permits
of Hong Kong, Macau and Taiwan residents begin with 81, 82, 83; cards of foreign permanent residents (2023) with 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.tables.check.rules.check_digits import (
    PROVINCES,
    are_days,
    have_birth_day,
    have_region,
    have_resident_check,
)

if TYPE_CHECKING:
    import numpy as np

_FIRST_YEAR, _LAST_YEAR = 1890, 2040
"""Years of birth that the screen counts: more of them find no more persons, but more numbers that are something else.
The check of a declared column (`tables.check.rules.check_digits`) accepts all that the standard has, and
citizens' only."""

_OLD_CENTURY = 1900


def have_resident_structure(digits: np.ndarray) -> np.ndarray:
    """Which rows (rows x 17 or 18 digits) begin like a resident identity number: a region and a day of birth."""
    region = have_region(digits) | ((digits[:, 0] == 9) & have_region(digits[:, 1:]))
    found: np.ndarray = region & have_birth_day(digits, _FIRST_YEAR, _LAST_YEAR)
    return found


def have_old_structure(digits: np.ndarray) -> np.ndarray:
    """Which rows (rows x 15 digits) are resident numbers as they were before 1999: 15 digits without a check digit."""
    import numpy as np

    wide = digits.astype(np.int64)
    found: np.ndarray = np.isin(wide[:, 0] * 10 + wide[:, 1], PROVINCES[:31])
    year = _OLD_CENTURY + wide[:, 6] * 10 + wide[:, 7]
    found &= are_days(year, wide[:, 8] * 10 + wide[:, 9], wide[:, 10] * 10 + wide[:, 11])
    return found


def have_luhn_check(digits: np.ndarray) -> np.ndarray:
    """Which rows (rows x places, all of one length) pass Luhn's test."""
    import numpy as np

    wide = digits[:, ::-1].astype(np.int64)
    doubled = wide[:, 1::2] * 2
    total = wide[:, 0::2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
    found: np.ndarray = (total % 10 == 0) & (np.ptp(digits, axis=1) > 0)
    return found


def have_card_prefix(digits: np.ndarray) -> np.ndarray:
    """Which rows (rows x 16 to 19 digits) begin as bank cards do: UnionPay 62, older debit cards, Visa, Mastercard.

    Visa and Mastercard numbers have 16 digits.
    """
    import numpy as np

    wide = digits[:, :4].astype(np.int64)
    first, two = wide[:, 0], wide[:, 0] * 10 + wide[:, 1]
    found: np.ndarray = (two == 62) | np.isin(wide @ np.array([1000, 100, 10, 1]), (9558, 6013, 6011, 6858, 9400))
    if digits.shape[1] == 16:
        found |= (first == 4) | ((two >= 51) & (two <= 55))
    return found


def is_resident_id(text: str) -> bool:
    """Whether a text of 18 characters is a resident identity number: region, day of birth, check character."""
    import numpy as np

    if len(text) != 18 or not (text[:17].isascii() and text[:17].isdigit()) or text[17] not in "0123456789Xx":
        return False
    digits = np.array([[int(character) for character in text[:17]]])
    last = np.array([10 if text[17] in "Xx" else int(text[17])])
    return bool((have_resident_structure(digits) & have_resident_check(digits, last))[0])


def is_old_resident_id(text: str) -> bool:
    """Whether a text of 15 digits has the structure of a resident number from before 1999."""
    import numpy as np

    if len(text) != 15 or not (text.isascii() and text.isdigit()):
        return False
    return bool(have_old_structure(np.array([[int(character) for character in text]]))[0])


def is_bank_card(text: str) -> bool:
    """Whether a text of 16 to 19 digits has a card's prefix and passes Luhn's test."""
    import numpy as np

    if not 16 <= len(text) <= 19 or not (text.isascii() and text.isdigit()):
        return False
    digits = np.array([[int(character) for character in text]])
    return bool(have_card_prefix(digits)[0] and have_luhn_check(digits)[0])
