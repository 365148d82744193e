"""The peer of `bench.search`: SQLite FTS5 with BM25, and facets by GROUP BY.

It gets what its full text search can use of ours: the folded texts, the same weights of columns, the words cut in
advance, and where not all words are found any of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from opendata.search.documents import WEIGHTS, SearchDocument
from opendata.search.folding import fold
from opendata.search.words import list_coarse_words, list_runs, list_words

TOKENIZERS = {"words": "porter unicode61 remove_diacritics 2", "trigram": "trigram"}
"""The two set-ups: words that were cut in advance, and all runs of three characters."""

_SHORTEST = 3
"""Characters that the trigram index needs."""


class Fts5:
    """A catalogue in one SQLite file."""

    def __init__(self, path: Path, tokenizer: str) -> None:
        self._are_words = tokenizer == "words"
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        columns = ", ".join(WEIGHTS)
        self._connection.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, {columns}, tokenize='{TOKENIZERS[tokenizer]}')"
        )
        self._connection.execute(
            "CREATE TABLE facets (dataset INTEGER, name TEXT, value TEXT, "
            "PRIMARY KEY (dataset, name, value)) WITHOUT ROWID"
        )
        self._weights = ", ".join(map(str, (0.0, *WEIGHTS.values())))

    def fill(self, documents: Iterable[SearchDocument]) -> None:
        """Index documents."""
        holders = ", ".join("?" for _ in range(len(WEIGHTS) + 2))
        with self._connection:
            for number, item in enumerate(documents, 1):
                self._connection.execute(
                    f"INSERT INTO texts (rowid, id, {', '.join(WEIGHTS)}) VALUES ({holders})",
                    (number, item.id, *(self._write(item.texts.get(name, ())) for name in WEIGHTS)),
                )
                self._connection.executemany(
                    "INSERT OR IGNORE INTO facets VALUES (?, ?, ?)",
                    [(number, name, value) for name, found in item.values.items() for value in found],
                )
        with self._connection:
            self._connection.execute("INSERT INTO texts (texts) VALUES ('optimize')")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def find(self, text: str) -> Sequence[str]:
        """The ids of the ten best."""
        return self._search(text)[0]

    def find_with_facets(self, text: str) -> Sequence[tuple[str, str, int]]:
        """The same, and the counts of all values of facets among all that is found."""
        _, where, values = self._search(text)
        return self._connection.execute(
            f"WITH hits AS MATERIALIZED (SELECT rowid AS dataset FROM texts WHERE {where}) "
            "SELECT name, value, count(*) FROM hits JOIN facets USING (dataset) GROUP BY name, value",
            values,
        ).fetchall()

    def _write(self, texts: Sequence[str]) -> str:
        if self._are_words:
            return " ".join(word for text in texts for word in list_words(text))
        return "\n".join(map(fold, texts))

    def _search(self, text: str) -> tuple[Sequence[str], str, Sequence[str]]:
        words = list(dict.fromkeys(list_coarse_words(text) if self._are_words else list_runs(text)))
        found, where, values = [], "0", []
        for joint in ("AND", "OR"):
            where, values = self._ask(words, joint)
            order = f"bm25(texts, {self._weights})" if "MATCH" in where else "length(title)"
            found = [
                row[0]
                for row in self._connection.execute(
                    f"SELECT id FROM texts WHERE {where} ORDER BY {order} LIMIT 10",
                    values,
                )
            ]
            if found:
                break
        return found, where, values

    def _ask(self, words: Sequence[str], joint: str) -> tuple[str, Sequence[str]]:
        """A condition and its values. What is too short for trigrams is looked for in the texts."""
        least = 1 if self._are_words else _SHORTEST
        matched = [f'"{word}"' for word in words if len(word) >= least]
        parts = ["texts MATCH ?"] if matched else []
        values = [f" {joint} ".join(matched)] if matched else []
        short = [word for word in words if len(word) < least]
        if joint == "OR" and matched:  # FTS5 allows no OR of MATCH and other conditions
            short = []
        likes = []
        for word in short:
            likes.append("(" + " OR ".join(f"{name} LIKE ?" for name in WEIGHTS) + ")")
            values += [f"%{word}%"] * len(WEIGHTS)
        if likes:
            parts.append("(" + f" {joint} ".join(likes) + ")")
        return " AND ".join(parts) or "0", values
