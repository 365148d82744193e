"""JSON as it comes in: read strictly, so that nothing is guessed, dropped or kept that others could not read.

Source: I-JSON (RFC 7493): UTF-8, no duplicate names, no lone surrogates, no number beyond a double's exact integers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from opendata.errors import N_, InputError, fault
from opendata.wording.parser_faults import explain_json

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1


def parse_document(data: bytes | str, place: str = "") -> Any:
    """The value of a JSON text. `place` is a pointer to where it came from, for the problem document.

    Raises `InputError` saying what is wrong and, where it can, at which line and column.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        found = json.loads(
            text,
            object_pairs_hook=_build_object,
            parse_constant=_refuse_number,
            parse_int=_read_integer,
            parse_float=_read_float,
        )
        _check_texts(found)
    except InputError as error:
        raise _located(error.message, place, **error.params) from None
    except UnicodeDecodeError as error:
        raise _located(N_("The JSON isn't valid UTF-8 at byte %(position)s"), place, position=error.start) from None
    except json.JSONDecodeError as error:
        raise _located(
            N_("The JSON isn't valid at line %(line)s, column %(column)s: %(reason)s"),
            place,
            line=error.lineno,
            column=error.colno,
            reason=explain_json(error),
        ) from None
    except RecursionError:
        raise _located(N_("The JSON is nested deeper than %(limit)s levels"), place, limit=MAX_DEPTH) from None
    return found


def join_pointer(place: str, part: object) -> str:
    """A JSON pointer (RFC 6901) one step further down."""
    return f"{place}/{str(part).replace('~', '~0').replace('/', '~1')}"


def _located(message: str, place: str, **params: object) -> InputError:
    return InputError(message, faults=[fault(place, message, **params)] if place else (), **params)


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InputError(N_("The name “%(name)s” appears twice in one JSON object"), name=_show(name))
    return found


def _read_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        _refuse_number(text)
    return int(text)


def _read_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _refuse_number(text)
    return value


def _refuse_number(text: str) -> NoReturn:
    raise InputError(
        N_("JSON can't represent the number “%(number)s” exactly. Write it as text, in quotes"), number=text[:40]
    )


def _check_texts(value: Any) -> None:
    for depth, text in _list_texts(value):
        if depth > MAX_DEPTH:
            raise InputError(N_("The JSON is nested deeper than %(limit)s levels"), limit=MAX_DEPTH)
        if "\0" in text:
            raise InputError(N_("A NUL character isn't allowed"))
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(N_("The text “%(text)s” contains half a character (a lone surrogate)"), text=_show(text))


def _list_texts(value: Any) -> Iterator[tuple[int, str]]:
    """Every text of a document with its depth, names included; a container counts as an empty text."""
    waiting = [(0, value)]
    while waiting:
        depth, part = waiting.pop()
        if isinstance(part, str):
            yield depth, part
        elif isinstance(part, dict | list):
            yield depth, ""
            if isinstance(part, dict):
                yield from ((depth, name) for name in part)
            children = part.values() if isinstance(part, dict) else part
            waiting += [(depth + 1, child) for child in children]


def _show(text: str) -> str:
    return text[:40].encode("utf-8", "replace").decode()
