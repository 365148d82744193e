"""What the index has of packages, the datasets of the CKAN interface: fields, and what is written in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opendata.exchange.ckan.analysis import list_tokens
from opendata.exchange.ckan.facts import Facts
from opendata.exchange.ckan.fields import FACETS, MOMENTS, NUMBERS

if TYPE_CHECKING:
    from tantivy import Document, SchemaBuilder

VALUES = "packageValues"
"""Each exact value as `field`, a mark and the value; `field` alone says that it has one."""

TOKENS = "packageTokens"
"""The tokens of texts, each as `field`, a mark and the token."""

TITLE = "packageTitle"
MARK = "\x1f"
_BREAK = f"{MARK}{MARK}"
"""Stands between two texts, so that no phrase goes over their border."""

ORDERS = ("id", *MOMENTS)


def name_facet(field: str) -> str:
    """The field of the index that counts by a field."""
    return f"package_{field}"


def name_number(field: str) -> str:
    """The field of the index that has a number."""
    return f"packageNumber_{field}"


def name_order(field: str) -> str:
    """The field of the index that sorts."""
    return f"packageOrder_{field}"


def add_fields(builder: SchemaBuilder) -> None:
    """Add the fields to a schema."""
    builder.add_text_field(VALUES, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(TOKENS, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field(TITLE, fast=True, tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name_facet(name), fast=True, tokenizer_name="raw", index_option="basic")
    for name in (*MOMENTS, *NUMBERS):
        builder.add_integer_field(name_number(name), fast=True, indexed=True)
    for name in ORDERS:
        builder.add_unsigned_field(name_order(name), fast=True)


def add_facts(document: Document, facts: Facts) -> None:
    """Add what is known of a package to a document."""
    for field in (*facts.exact, *facts.words):
        document.add_text(VALUES, field)
    for field, values in facts.exact.items():
        for value in values:
            document.add_text(VALUES, f"{field}{MARK}{value}")
    document.add_text(TOKENS, " ".join(_list_tokens(facts)))
    document.add_text(TITLE, f"{facts.title}{MARK}{facts.name}")
    for field, found in facts.facets.items():
        for value in found:
            document.add_text(name_facet(field), value)
    for field, number in facts.numbers.items():
        document.add_integer(name_number(field), number)
    for field, order in facts.orders.items():
        document.add_unsigned(name_order(field), order)


def _list_tokens(facts: Facts) -> Iterator[str]:
    for field, texts in facts.words.items():
        for text in texts:
            yield from (f"{field}{MARK}{token}" for token in list_tokens(text))
            yield _BREAK
