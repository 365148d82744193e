"""The queries of the index: for all words that somebody typed, for some of them, for those of titles alone.

Those that begin with `ask` rank what they find. Those that begin with `find` find the same in a fraction of the time:
a Chinese word is in a text exactly where its pairs of characters are, whatever else says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from opendata.search.documents import WEIGHTS
from opendata.search.index import make_schema, make_stemmer, words_of
from opendata.search.words import cut_pairs, is_chinese, list_coarse_words, list_runs, list_words, spell_neighbours

if TYPE_CHECKING:
    from tantivy import Query

_PAIRS_WEIGHT = 0.7
_TITLE_PAIRS_WEIGHT = 6.0
_PINYIN_WEIGHT = 3.0
_SYNONYM_WEIGHT = 0.6
_TRANSLATION_WEIGHT = 0.3
_PART_WEIGHT = 0.3
_WHOLE_TITLE_WEIGHT = 6.0
_WHOLE_WEIGHT = 3.0
_TIE = 0.2
"""What the fields beside the best one add to a word's score."""
_FOUND_WEIGHT = 30.0
"""What each of the words that is found adds where not all are: more words count more than rare ones."""
_SIMILAR_WEIGHT = 0.5
_SOUND_WEIGHT = 4.0
_LEAST_FUZZY = 4
"""A Latin word is at least so long before one letter of it may be wrong; twice as long, two may be."""

Synonyms = Mapping[str, Sequence[str]]
"""Other words for a folded word."""


def join(queries: Sequence[Query]) -> Query:
    """What all of these find."""
    from tantivy import Occur, Query

    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def unscored(query: Query) -> Query:
    """What a query finds, without its adding to the score."""
    from tantivy import Query

    return Query.const_score_query(query, 0.0)


def ask_for_all(words: Sequence[str], text: str, synonyms: Synonyms) -> Query:
    """What has all of the words, in any field."""
    from tantivy import Occur, Query

    parts = [(Occur.Must, _ask_for_word(word, synonyms)) for word in words]
    for run in list_runs(text):
        if len(run) > 2 and run not in words:
            parts.append((Occur.Should, ask_for_phrase("titlePairs", run, _WHOLE_TITLE_WEIGHT)))
            parts.append((Occur.Should, ask_for_phrase("pairs", run, _WHOLE_WEIGHT)))
    return unite([Query.boolean_query(parts), *_ask_for_syllables(words)])


def _ask_for_syllables(words: Sequence[str]) -> Sequence[Query]:
    """Pinyin with spaces between the syllables."""
    from tantivy import Query

    joined = "".join(words)
    if len(words) < 2 or not (joined.isascii() and joined.isalpha()):
        return []
    return [Query.boost_query(Query.term_query(make_schema(), "pinyin", joined), _PINYIN_WEIGHT)]


def ask_for_some(words: Sequence[str], text: str, synonyms: Synonyms) -> Query:
    """At least half of the words, or what is written or sounds nearly like them."""
    from tantivy import Occur, Query

    parts = []
    for word in words:
        ways = [_ask_for_word(word, synonyms)]
        ways.extend(Query.boost_query(_ask_for_text(part), _PART_WEIGHT) for part in _list_parts(word))
        if word.isascii() and word.isalpha() and tolerate(word):
            ways.append(Query.boost_query(_ask_for_similar(word), _SIMILAR_WEIGHT))
        found = Query.disjunction_max_query(ways, tie_breaker=0.5)
        counted = Query.const_score_query(found, _FOUND_WEIGHT)
        parts.append((Occur.Should, Query.boolean_query([(Occur.Must, found), (Occur.Must, counted)])))
    some = Query.boolean_query(parts, minimum_number_should_match=max(1, len(words) // 2))
    sounds = [_ask_for_sound(sound) for sound in _list_sounds(text)]
    return Query.boolean_query([(Occur.Should, query) for query in (some, *sounds)])


def _list_parts(word: str) -> Sequence[str]:
    """The words and pairs of characters inside a word."""
    words = [part for part in list_words(word) if len(part) > 1]
    pairs = cut_pairs(word) if is_chinese(word) else ()
    return [part for part in dict.fromkeys([*words, *pairs]) if part != word]


def find_all(words: Sequence[str], synonyms: Synonyms) -> Query:
    """What `ask_for_all` finds, without scores."""
    from tantivy import Occur, Query

    whole = Query.boolean_query([(Occur.Must, _find_word(word, synonyms)) for word in words])
    spelled = _ask_for_syllables(words)
    return unite([whole, *spelled])


def find_some(words: Sequence[str], text: str, synonyms: Synonyms) -> Query:
    """What `ask_for_some` finds, without scores."""
    from tantivy import Occur, Query

    parts = []
    for word in words:
        if is_chinese(word) and len(word) > 1:  # what has the word has its pairs
            ways = [Query.term_query(make_schema(), "pairs", pair) for pair in cut_pairs(word)]
            ways.extend(_find_text(other) for other in synonyms.get(word, ()))
        else:
            ways = [_find_word(word, synonyms)]
            ways.extend(_find_text(part) for part in _list_parts(word))
        if word.isascii() and word.isalpha() and tolerate(word):
            ways.append(_ask_for_similar(word))
        parts.append((Occur.Should, unite(ways)))
    some = Query.boolean_query(parts, minimum_number_should_match=max(1, len(words) // 2))
    return unite([some, *(_ask_for_sound(sound) for sound in _list_sounds(text))])


def _find_word(word: str, synonyms: Synonyms) -> Query:
    return unite([_find_text(text) for text in (word, *synonyms.get(word, ()))])


def _find_text(text: str) -> Query:
    from tantivy import Occur, Query

    if is_chinese(text) and len(text) > 1:
        return ask_for_phrase("pairs", text, 1.0)
    words = list(list_coarse_words(text))
    if len(words) > 1 and not is_chinese(text):
        return Query.boolean_query([(Occur.Must, _ask_in_fields(word)) for word in words])
    return _ask_in_fields(text)


def unite(queries: Sequence[Query]) -> Query:
    """What any of these finds."""
    from tantivy import Occur, Query

    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def ask_titles_for_all(words: Sequence[str], text: str) -> Query:
    """Of what `ask_for_all` finds, that with all of the words in the title."""
    from tantivy import Occur, Query

    parts = [(Occur.Must, _ask_for_text(word, only_titles=True)) for word in words]
    runs = (run for run in list_runs(text) if len(run) > 2 and run not in words)
    parts.extend((Occur.Should, ask_for_phrase("titlePairs", run, _WHOLE_TITLE_WEIGHT)) for run in runs)
    return Query.boolean_query(parts)


def ask_titles_for_some(words: Sequence[str]) -> Query:
    """What has any of the words in the title; what has more of them counts more."""
    from tantivy import Occur, Query

    found = [_ask_for_text(word, only_titles=True) for word in words]
    counted = [Query.const_score_query(query, _FOUND_WEIGHT) for query in found]
    return Query.boolean_query([(Occur.Should, query) for query in (*found, *counted)])


def _ask_for_sound(sound: str) -> Query:
    from tantivy import Query

    return Query.boost_query(Query.term_query(make_schema(), "pinyin", sound), _SOUND_WEIGHT)


def _list_sounds(text: str) -> Sequence[str]:
    """The pinyin of Chinese words and of words side by side: what sounds the same may be spelt differently."""
    runs = (run for run in list_runs(text) if is_chinese(run))
    return list(dict.fromkeys(sound for run in runs for sound, _ in spell_neighbours(run)))


def _ask_for_similar(word: str) -> Query:
    """What is written nearly like a Latin word, also in pinyin."""
    from tantivy import Query

    schema, stem = make_schema(), _stem(word)
    ways = [Query.fuzzy_term_query(schema, "pinyin", word, distance=tolerate(word))]
    ways.extend(
        Query.fuzzy_term_query(schema, words_of(name), stem, distance=tolerate(stem)) for name in ("title", "keywords")
    )
    return Query.disjunction_max_query(ways)


def tolerate(word: str) -> int:
    """How many letters of a Latin word may be wrong."""
    return 0 if len(word) < _LEAST_FUZZY else 1 if len(word) < 2 * _LEAST_FUZZY else 2


def _ask_for_word(word: str, synonyms: Synonyms) -> Query:
    from tantivy import Query

    ways = [_ask_for_text(word)]
    for other in synonyms.get(word, ()):
        weight = _SYNONYM_WEIGHT if is_chinese(other) == is_chinese(word) else _TRANSLATION_WEIGHT
        ways.append(Query.boost_query(_ask_for_text(other), weight))
    return ways[0] if len(ways) == 1 else Query.disjunction_max_query(ways)


def _ask_for_text(text: str, *, only_titles: bool = False) -> Query:
    """One word or a few, in any field. Chinese words side by side are looked for side by side."""
    from tantivy import Occur, Query

    words = list(list_coarse_words(text))
    if len(words) > 1 and not is_chinese(text):
        parts = [(Occur.Must, _ask_in_fields(word, only_titles=only_titles)) for word in words]
        return Query.boolean_query(parts)
    return _ask_in_fields(text, only_titles=only_titles)


def _ask_in_fields(word: str, *, only_titles: bool = False) -> Query:
    from tantivy import Query

    schema, stem = make_schema(), _stem(word)
    names = ("title",) if only_titles else tuple(WEIGHTS)
    ways = [Query.boost_query(Query.term_query(schema, words_of(name), stem), WEIGHTS[name]) for name in names]
    if is_chinese(word):
        ways.append(ask_for_phrase("titlePairs", word, _TITLE_PAIRS_WEIGHT))
        if not only_titles:
            ways.append(ask_for_phrase("pairs", word, _PAIRS_WEIGHT))
    elif word.isascii() and word.isalpha() and not only_titles:
        ways.append(Query.boost_query(Query.term_query(schema, "pinyin", word), _PINYIN_WEIGHT))
    return Query.disjunction_max_query(ways, tie_breaker=_TIE)


def ask_for_phrase(name: str, run: str, weight: float) -> Query:
    """A run of characters anywhere in a text."""
    from tantivy import Query

    schema, pairs = make_schema(), list[str | tuple[int, str]](cut_pairs(run))
    if len(pairs) > 1:
        return Query.boost_query(Query.phrase_query(schema, name, pairs), weight)
    if is_chinese(run) and len(run) == 1:  # pairs begin or end with it
        return Query.boost_query(
            Query.const_score_query(Query.regex_query(schema, name, f"{run}.?|.{run}"), 1.0), weight
        )
    return Query.boost_query(Query.term_query(schema, name, pairs[0]), weight)


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    stems = make_stemmer().analyze(word)
    return str(stems[0]) if stems else word
