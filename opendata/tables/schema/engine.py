"""Patterns of schemas on a linear-time engine, RE2: their translation, and JSON Schemas that match with them.

Source: RE2 syntax; XML Schema part 2, appendix F; JSON Schema 2020-12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import re2

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

    As in XML Schema and in Python, digits, letters and white space (`d`, `w`, `s` after a backslash) are those of all
    scripts (a word's boundary is not), `u` and four hexadecimal digits are a character, and an escaped character beyond
    ASCII is itself.
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


def build_json_validator(rules: Mapping[str, Any]) -> Any:
    """A validator of JSON values by these rules; its `is_valid` says yes or no.

    Raises `jsonschema.SchemaError` if the rules aren't a JSON Schema, `re2.error` if a pattern cannot be run.
    """
    from jsonschema import ValidationError
    from jsonschema.validators import Draft202012Validator, extend, validator_for

    def match(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ARG001
        if isinstance(value, str) and compile_pattern(pattern).search(value) is None:
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def match_properties(validator: Any, patterns: Any, value: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ARG001
        if isinstance(value, dict):
            for pattern, rule in patterns.items():
                search = compile_pattern(pattern).search
                for name in value:
                    if search(name) is not None:
                        yield from validator.descend(value[name], rule, path=name, schema_path=pattern)

    base = validator_for(rules, default=Draft202012Validator)
    base.check_schema(dict(rules))
    extended: Any = extend
    return extended(base, {"pattern": match, "patternProperties": match_properties})(dict(rules))


def list_patterns(rules: Any) -> Iterator[str]:
    """The patterns that occur anywhere in a JSON Schema."""
    if isinstance(rules, Mapping):
        for name, part in rules.items():
            if name == "pattern" and isinstance(part, str):
                yield part
            elif name == "patternProperties" and isinstance(part, Mapping):
                yield from part
            yield from list_patterns(part)
    elif isinstance(rules, list):
        for part in rules:
            yield from list_patterns(part)
