"""Every text a reader may see is there in Chinese, and what was translated is what is installed."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from opendata.settings import TRANSLATIONS
from tests.servers import CHECKOUT

CATALOGUE = TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po"
PLACE = re.compile(r"%\(\w+\)[sd]")


@cache
def extract() -> frozenset[str | tuple[str, ...]]:
    """The texts the code marks, by babel.cfg and the keywords of the command beside it."""
    with (CHECKOUT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    found = set()
    for _, _, message, _, _ in extract_from_dir(CHECKOUT / "opendata", _shorten(methods), _shorten(options), keywords):
        found.add(message)
    return frozenset(found)


def _shorten(patterns: object) -> object:
    """The patterns of babel.cfg are relative to the checkout, ours to the package."""
    if isinstance(patterns, dict):
        return {key.removeprefix("opendata/"): value for key, value in patterns.items()}
    return [(pattern.removeprefix("opendata/"), method) for pattern, method in patterns]  # type: ignore[union-attr]


@cache
def read_catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def test_every_text_is_translated() -> None:
    catalogue = read_catalogue()
    missing = [
        message for message in extract() if not (found := catalogue.get(message)) or not all(_texts(found.string))
    ]
    assert not missing


def test_nothing_is_translated_that_nobody_says() -> None:
    said = extract()
    stale = [message.id for message in read_catalogue() if message.id and message.id not in said]
    assert not stale


def test_no_translation_is_a_guess() -> None:
    assert not [message.id for message in read_catalogue() if message.id and message.fuzzy]


def test_a_translation_has_the_values_of_its_text() -> None:
    for message in read_catalogue():
        if message.id:
            wanted = set(PLACE.findall(" ".join(_texts(message.id))))
            for text in _texts(message.string):
                assert set(PLACE.findall(text)) == wanted, message.id
                assert not re.search(r"%(?!\(\w+\)[sd])", text.replace("%%", "")), message.id


def test_the_installed_catalogue_is_the_written_one() -> None:
    compiled = BytesIO()
    write_mo(compiled, read_catalogue())
    compiled.seek(0)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        installed = read_mo(file)
    written = read_mo(compiled)
    assert _pairs(installed) == _pairs(written), "run: pybabel compile -d opendata/wording/translations"


@pytest.mark.parametrize("path", sorted((CHECKOUT / "opendata" / "web").rglob("*.html")), ids=lambda path: path.name)
def test_a_template_says_nothing_past_the_catalogue(path: Path) -> None:
    text = re.sub(
        r"\{% macro marks.*?endmacro %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>",
        " ",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    words = set(re.findall(r"[A-Za-z]{4,}", text)) - {"Parquet", "datapackage", "json", "REST", "sha256", "problems"}
    assert not words


def _pairs(catalogue: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_texts(message.id): _texts(message.string) for message in catalogue if message.id}


def _texts(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
