"""What we change in frictionless before it checks a table: patterns run on a linear-time engine.

Source: frictionless-py 5.21, `frictionless/schema/field.py`; RE2 syntax; XML Schema part 2, appendix F.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2
from frictionless import Schema
from frictionless.fields import StringField

_ESCAPE = r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)"
_TOKEN = re.compile(rf"{_ESCAPE}|\{{,(?=\d+\}})|\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)
_TOKEN_OF_CLASS = re.compile(rf"{_ESCAPE}|\[", re.DOTALL)
_DIGIT, _WORD, _SPACE = r"\p{Nd}", r"\p{L}\p{N}_", r"\s\x0b\x1c-\x1f\x{85}\p{Z}"
_NO_WORD = r"\p{M}\p{Z}\p{C}\p{S}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}"
_NO_SPACE = r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}"
_IN_CLASS = {"d": _DIGIT, "D": r"\P{Nd}", "w": _WORD, "W": _NO_WORD, "s": _SPACE, "S": _NO_SPACE}
_OUTSIDE = {
    "d": _DIGIT,
    "D": r"\P{Nd}",
    "w": f"[{_WORD}]",
    "W": f"[^{_WORD}]",
    "s": f"[{_SPACE}]",
    "S": f"[^{_SPACE}]",
    "Z": r"\z",
}
_MEMORY = 8 << 20


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """Compile a pattern of Table Schema for RE2.

    Raises `re2.error` for what would need backtracking, or too much memory.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(translate_pattern(pattern), options)


def translate_pattern(pattern: str) -> str:
    """A pattern of Table Schema in RE2's own words, with the meaning and the escapes it has elsewhere.

    As in XML Schema and in Python, digits, letters and blanks (`d`, `w`, `s` after a backslash) are those of all
    scripts (a word's boundary is not), `u` and four hexadecimal digits are a character, and an escaped character
    beyond ASCII is itself.
    """
    return _TOKEN.sub(_translate, pattern)


def _translate(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("["):
        return "[" + _TOKEN_OF_CLASS.sub(lambda inner: _translate_escape(inner, _IN_CLASS), text[1:])
    return "{0," if text == "{," else _translate_escape(found, _OUTSIDE)


def _translate_escape(found: re.Match[str], named: Mapping[str, str]) -> str:
    escaped = found[1]
    if escaped is None:  # a bracket within a class is a character, not the start of a POSIX class
        return r"\["
    if len(escaped) > 1:
        return f"\\x{{{escaped[1:]}}}"
    return named.get(escaped, found[0]) if escaped.isascii() else str(escaped)


class LinearStringField(StringField):
    """A string field whose `pattern` is matched by RE2 against the whole value, in time linear in its length."""

    supported_constraints = [name for name in StringField.supported_constraints if name != "pattern"]  # noqa: RUF012

    def to_copy(self, **options: Any) -> LinearStringField:
        """A copy that is linear too; frictionless checks by copies, and makes them by the name of the type."""
        copy = super().to_copy(**options)
        copy.__class__ = LinearStringField
        return copy

    def create_cell_reader(self) -> Any:
        """The reader of one cell: text in, (value, notes per failed rule) out."""
        read = super().create_cell_reader()
        pattern = self.constraints.get("pattern")
        if pattern is None:
            return read
        match = compile_pattern(pattern).fullmatch
        note = f'constraint "pattern" is "{pattern}"'

        def read_cell(cell: Any) -> tuple[Any, dict[str, str] | None]:
            value, notes = read(cell)
            if value is not None and match(value) is None:
                notes = {**(notes or {}), "pattern": note}
            return value, notes

        return read_cell


def use_linear_patterns(schema: Schema) -> Schema:
    """Give each string field that has a pattern the linear reader, everything else of it unchanged."""
    for field in schema.fields:
        if type(field) is StringField and "pattern" in field.constraints:
            field.__class__ = LinearStringField
    return schema
