"""The language of `q` and `fq` → a tree: words, phrases, `field:value`, ranges, AND, OR, NOT, `+`, `-`, parentheses.

A space joins as AND does; AND binds more tightly than OR. Boosts (`^2`) are read and don't count. `word~` allows two
wrong letters and `"two words"~5` any order and distance. A word without a letter or digit asks for nothing and is left
out. Source: the standard query parser of Solr, in the part that clients of CKAN
use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn

from opendata.exchange.ckan.analysis import ANY, ONE, clean, is_chinese, list_wanted
from opendata.exchange.ckan.faults import QueryError
from opendata.exchange.ckan.fields import ALL, Kind, kind_of
from opendata.exchange.ckan.moments import read_moment
from opendata.exchange.ckan.tree import (
    MOST_CLAUSES,
    Alike,
    Between,
    Both,
    Either,
    Everything,
    Exists,
    Match,
    Node,
    Not,
    Together,
    Within,
)

MOST_CHARACTERS = 10_000
MOST_DEPTH = 25
MOST_EDITS = 2
MOST_VALUE = 200
"""Characters of a word with `*` or `?` in it, or of an end of a range."""

_STOP = frozenset(' \t\r\n\f\v\u3000()"[]{}^~')
_WORD = re.compile(r"(?:AND|OR|NOT)(?=[\s()]|$)|&&|\|\|")
_JOINS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}
_BOOST = re.compile(r"\^[0-9]+(?:\.[0-9]+)?", re.ASCII)
_LOOSE = re.compile(r"~([0-9]+(?:\.[0-9]+)?)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_DANGLING = re.compile(r"(?:^|(?<=\s))[+\-!]+(?=\s|$)")


def parse_query(text: str, now: datetime) -> Node:
    """The tree of `q`. A text without any field that isn't a query is looked for word by word. Raises `QueryError`."""
    if ":" in text:
        return parse(text, now)
    try:
        return parse(_DANGLING.sub(" ", text), now)
    except QueryError:
        _require_length(text)
        return parse(re.sub(r"[^\w\s]|\b(?:AND|OR|NOT)\b", " ", clean(text)), now)


def parse(text: str, now: datetime) -> Node:
    """The tree of a query; an empty one finds everything. Raises `QueryError`."""
    _require_length(text)
    return _Parser(clean(text), now).parse() or Everything()


def _require_length(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"Search Query is invalid: it has more than {MOST_CHARACTERS:,} characters")


class _Parser:
    """Reads from left to right. A method that finds nothing to ask for gives None."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._place = 0
        self._clauses = 0
        self._depth = 0

    def parse(self) -> Node | None:
        found = self._read_or(ALL) if self._skip() else None
        if self._skip():
            self._fail()
        return found

    def _read_or(self, field: str) -> Node | None:
        parts = [self._read_and(field)]
        while self._take("OR"):
            parts.append(self._read_and(field))
        return _group(parts, Either)

    def _read_and(self, field: str) -> Node | None:
        parts = [self._read_clause(field)]
        while self._skip() and self._text[self._place] != ")" and self._find() != "OR":
            self._take("AND")
            parts.append(self._read_clause(field))
        return _group(parts, Both)

    def _read_clause(self, field: str) -> Node | None:
        if not self._skip():
            self._fail()
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            raise QueryError(f"Search Query is invalid: it has more than {MOST_CLAUSES} conditions")
        mark = self._text[self._place]
        if mark in "+-!" or self._find() == "NOT":
            is_not = mark != "+"
            self._place += 3 if mark == "N" else 1
            found = self._deeper(lambda: self._read_clause(field))
            return Not(found) if is_not and found is not None else found
        is_phrase = mark == '"'
        found = self._read_value(field)
        is_phrase = is_phrase or self._text[self._place - 1] == '"'
        found = self._loosen(found, is_phrase=is_phrase)
        boost = _BOOST.match(self._text, self._place)
        self._place = boost.end() if boost else self._place
        return found

    def _loosen(self, found: Node | None, *, is_phrase: bool) -> Node | None:
        """What `~` after a word or phrase makes of it; of an exact value nothing."""
        loose = _LOOSE.match(self._text, self._place)
        if loose is None or (found is not None and not isinstance(found, Match)):
            return found
        self._place = loose.end()
        if found is None or kind_of(found.field) is not Kind.WORDS or ANY in found.pattern or ONE in found.pattern:
            return found
        if is_phrase:
            return Together(found.field, found.pattern)
        wanted = list_wanted(found.pattern)
        if len(wanted) > 1 or is_chinese(wanted[0].text):
            return found
        edits = int(loose[1]) if loose[1] in ("0", "1") else MOST_EDITS
        return Alike(found.field, wanted[0].text, edits) if edits else found

    def _read_value(self, field: str) -> Node | None:
        mark = self._text[self._place]
        if mark == "(":
            self._place += 1
            found = self._deeper(lambda: self._read_or(field))
            if not self._skip() or self._text[self._place] != ")":
                self._fail()
            self._place += 1
            return found
        if mark == '"':
            return self._make(field, self._read_phrase(), is_phrase=True)
        if mark in "[{":
            return self._read_range(field)
        if self._find():
            self._fail()
        word, named = self._read_word(stops_at_colon=True)
        if not named:
            return self._make(field, word)
        if not word or ONE in word or (ANY in word and word != ANY):
            self._fail()
        if not self._skip():
            self._fail()
        if word == ANY:
            return self._read_anywhere()
        if self._text[self._place] in '("[{':
            return self._read_value(word)
        value, _ = self._read_word(stops_at_colon=False)
        return self._make(word, value)

    def _read_anywhere(self) -> Node | None:
        """`*:*` is everything, `*:word` the word in any field."""
        if self._text.startswith("*", self._place):
            word, _ = self._read_word(stops_at_colon=False)
            return Everything() if word == ANY else self._make(ALL, word)
        if self._text[self._place] in '("[{':
            return self._read_value(ALL)
        return self._make(ALL, self._read_word(stops_at_colon=False)[0])

    def _read_word(self, *, stops_at_colon: bool) -> tuple[str, bool]:
        """A word with its marks, and whether it was the name of a field."""
        found: list[str] = []
        while self._place < len(self._text):
            letter = self._text[self._place]
            if letter == ":" and stops_at_colon:
                self._place += 1
                return "".join(found), True
            if letter in _STOP:
                break
            self._place += 1
            if letter == "\\":
                if self._place == len(self._text):
                    self._fail()
                letter = self._text[self._place]
                self._place += 1
            elif letter in "*?":
                letter = ANY if letter == "*" else ONE
            found.append(letter)
        if not found:
            self._fail()
        return "".join(found), False

    def _read_phrase(self) -> str:
        self._place += 1
        found: list[str] = []
        while self._place < len(self._text) and self._text[self._place] != '"':
            if self._text[self._place] == "\\":
                self._place += 1
            found.append(self._text[self._place : self._place + 1])
            self._place += 1
        if self._place >= len(self._text):
            self._fail()
        self._place += 1
        return "".join(found)

    def _read_range(self, field: str) -> Node:
        with_low = self._text[self._place] == "["
        self._place += 1
        low = self._read_end()
        if not self._skip() or not re.match(r"TO\s", self._text[self._place : self._place + 3]):
            self._fail()
        self._place += 2
        high = self._read_end()
        if not self._skip() or self._text[self._place] not in "]}":
            self._fail()
        with_high = self._text[self._place] == "]"
        self._place += 1
        if kind_of(field) in (Kind.MOMENT, Kind.NUMBER):
            first = None if low is None else self._read_number(field, low) + (not with_low)
            last = None if high is None else self._read_number(field, high) - (not with_high)
            return Within(field, first, last)
        return Between(field, low, high, with_low, with_high)

    def _read_end(self) -> str | None:
        """An end of a range; None where it is open."""
        if not self._skip():
            self._fail()
        if self._text[self._place] == '"':
            return _require_short(self._read_phrase())
        begun = self._place
        while self._place < len(self._text) and self._text[self._place] not in " \t\r\n]}":
            self._place += 2 if self._text[self._place] == "\\" else 1
        found = self._text[begun : self._place]
        if not found:
            self._fail()
        return None if found == "*" else _require_short(re.sub(r"\\(.)", r"\1", found, flags=re.DOTALL))

    def _make(self, field: str, pattern: str, *, is_phrase: bool = False) -> Node | None:
        kind = kind_of(field)
        if pattern == ANY and not is_phrase:
            return Everything() if field == ALL else Exists(field)
        if kind in (Kind.MOMENT, Kind.NUMBER):
            number = self._read_number(field, pattern)
            return Within(field, number, number)
        if not is_phrase and (ANY in pattern or ONE in pattern):
            _require_short(pattern)
        if kind is Kind.WORDS and not list_wanted(pattern.replace(ONE, " ")):
            return None
        return Match(field, pattern)

    def _read_number(self, field: str, text: str) -> int:
        if kind_of(field) is Kind.MOMENT:
            return read_moment(text.replace(ANY, "*").replace(ONE, "?"), self._now)
        if not _NUMBER.fullmatch(text):
            raise QueryError(f"Search Query is invalid: “{field}” needs a number")
        return int(text)

    def _deeper(self, read: Callable[[], Node | None]) -> Node | None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise QueryError("Search Query is invalid: it has too many conditions inside each other")
        found = read()
        self._depth -= 1
        return found

    def _skip(self) -> bool:
        """Skip spaces; whether there is more."""
        while self._place < len(self._text) and self._text[self._place].isspace():
            self._place += 1
        return self._place < len(self._text)

    def _find(self) -> str:
        """The joiner that stands here."""
        found = _WORD.match(self._text, self._place)
        return _JOINS[found.group()] if found else ""

    def _take(self, join_word: str) -> bool:
        if not self._skip() or self._find() != join_word:
            return False
        self._place += len(_WORD.match(self._text, self._place).group())  # type: ignore[union-attr]
        return True

    def _fail(self) -> NoReturn:
        near = self._text[self._place : self._place + 30]
        told = f"near “{near}”" if near else "at its end"
        raise QueryError(f"Search Query is invalid: it can't be understood at character {self._place + 1}, {told}")


def _group(parts: Sequence[Node | None], kind: type[Both | Either]) -> Node | None:
    kept = [item for item in parts if item is not None]
    return kept[0] if len(kept) == 1 else kind(tuple(kept)) if kept else None


def _require_short(text: str) -> str:
    if len(text) > MOST_VALUE:
        raise QueryError(f"Search Query is invalid: a range or a word with “*” has more than {MOST_VALUE} characters")
    return text
