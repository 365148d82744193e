"""The language of `q` and `fq`: what each form means, what is refused, and that the index finds what is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.ckan.asking import read_asked
from opendata.exchange.ckan.evaluating import fits
from opendata.exchange.ckan.facts import Facts
from opendata.exchange.ckan.faults import CkanError, QueryError
from opendata.exchange.ckan.fields import FACETS
from opendata.exchange.ckan.grammar import parse, parse_query
from opendata.exchange.ckan.moments import count_microseconds, read_moment
from opendata.exchange.ckan.tree import Everything, Node
from opendata.search.documents import SearchDocument
from opendata.search.finding import PackageHits, PackageSearch, find_packages
from opendata.search.index import SearchIndex
from tests.exchange.ckan.catalogues import NOW, broken, catalogues, know, queries
from tests.exchange.samples import CLOSED, FULL, LEAST

SMALL = know([LEAST, FULL, replace(CLOSED, id="closed", uuid="20000000-0000-4000-8000-000000000003")])
"""`roads`, `reservoirs` and `closed`."""


def find(text: str, facts: Sequence[Facts] = SMALL) -> set[str]:
    node = parse_query(text, NOW)
    return {item.name for item in facts if fits(node, item)}


ALL = {"roads", "reservoirs", "closed"}
WATER = {"reservoirs", "closed"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ALL),
        ("*:*", ALL),
        ("水库", WATER),
        ("库水", WATER),
        ("道路 OR 水位", ALL),
        ("道路 水位", set()),
        ("title:道路", {"roads"}),
        ("notes:道路", set()),
        ("organization:water-bureau", WATER),
        ("-organization:water-bureau", {"roads"}),
        ("*:* -organization:water-bureau", {"roads"}),
        ("NOT organization:water-bureau AND NOT name:roads", set()),
        ("organization:(road-bureau OR water-bureau)", ALL),
        ("+organization:water-bureau +res_format:csv", {"reservoirs"}),
        ("name:roads OR name:closed AND title:nothing", {"roads"}),
        ("(name:roads OR name:closed) AND title:nothing", set()),
        ("tags:水位", WATER),
        ("tags:水", set()),
        ("res_format:*", {"reservoirs"}),
        ("-res_format:*", {"roads", "closed"}),
        ("name:r*", {"roads", "reservoirs"}),
        ("name:ro?ds", {"roads"}),
        ("name:[closed TO reservoirs}", {"closed"}),
        ("extras_frequency:R/P1M", WATER),
        ("frequency:R\\/P1M", WATER),
        ("disclosure:closed", {"closed"}),
        ("metadata_modified:[2026-01-01T00:00:00Z TO *]", WATER),
        ("metadata_modified:{* TO 2025-01-02T03:04:05Z]", {"roads"}),
        ("metadata_modified:{* TO 2025-01-02T03:04:05Z}", set()),
        ("metadata_modified:[NOW-1YEAR TO NOW]", WATER),
        ("num_resources:[1 TO *]", {"reservoirs"}),
        ("num_tags:2", WATER),
        ("unknown:value", set()),
        ("vocab_any:value", set()),
        ("private:false AND state:active AND dataset_type:dataset", ALL),
        ('"每个水文站一行"', {"reservoirs"}),
        ('title:"水库 水位"', set()),
        ("水库^2", WATER),
        ("title:reservior~1", set()),
        ("resevroirs~", WATER),
        ("resevroirs~0", set()),
        ("raods~1^3", {"roads"}),
        ('"水位 水库"~3', WATER),
        ("name:raods~", set()),
        ("水库 - !", WATER),
        ("what (is this", set()),
        ("水库 )", WATER),
        ("res_url:https://data.example.org*", {"reservoirs"}),
    ],
)
def test_what_a_query_means(text: str, names: set[str]) -> None:
    assert find(text) == names


@pytest.mark.parametrize(
    "text",
    ["a:", "a:(", "a:)", "a:[1 TO 2", "a:[1 2]", 'a:"b', "a:b AND", "OR a:b", "a:b^", "(a:b", "a:b)", ":b",
     "a*:b", "metadata_modified:yesterday", "metadata_modified:[a TO b]", "metadata_modified:2026*",
     "metadata_modified:[NOW+9999999YEARS TO *]", "num_tags:many", "a:b\\", "a:" + "(" * 40 + "b" + ")" * 40,
     "a:b OR " * 600 + "a:b", "a:" + "x" * 10_001, "a:*" + "x" * 300, "{!lucene}a:b", "a:\ud800\u0000("],
)  # fmt: skip
def test_what_is_no_query_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text, NOW)
    assert error.value.text.startswith("Search Query is invalid: ")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("NOW", "2026-11-30T08:00:00+00:00"),
        ("NOW/DAY", "2026-11-30T00:00:00+00:00"),
        ("NOW-7DAYS", "2026-11-23T08:00:00+00:00"),
        ("NOW/MONTH-1MONTH+1SECOND", "2026-10-01T00:00:01+00:00"),
        ("2024-02-29T00:00:00Z+1YEAR", "2025-02-28T00:00:00+00:00"),
        ("2026-01-31T00:00:00Z+1MONTH", "2026-02-28T00:00:00+00:00"),
        ("2026-08-20T06:18:45.000001Z", "2026-08-20T06:18:45.000001+00:00"),
        ("2026-08-20", "2026-08-20T00:00:00+00:00"),
        ("2026-08-20T08:00:00+08:00", "2026-08-20T00:00:00+00:00"),
    ],
)
def test_moments_and_sums_of_moments(text: str, moment: str) -> None:
    assert read_moment(text, NOW) == count_microseconds(NOW.fromisoformat(moment))


def ask(index: SearchIndex, node: Node, sort: str = "id", *, down: bool = False, limit: int = 100) -> PackageHits:
    searcher = index.open_searcher()
    assert searcher is not None
    asked = PackageSearch(
        wanted=node, filters=Everything(), sort=sort, descending=down, limit=limit, offset=0, facets=FACETS
    )
    return find_packages(searcher, asked)


def order(facts: Facts, sort: str) -> tuple[int | str, ...]:
    if sort == "name":
        return (facts.name,)
    return (facts.title, facts.name) if sort == "title_string" else (facts.orders[sort],)


def check(found: Sequence[CatalogueEntry], texts: Sequence[str], sort: str, *, down: bool) -> None:
    """The index finds what the slow way finds, in the order that was asked for, and counts it."""
    facts = know(found)
    with TemporaryDirectory() as folder:
        index = SearchIndex(Path(folder))
        documents = (SearchDocument(id=item.name, texts={}, updated=NOW, facts=item) for item in facts)
        index.rebuild(documents, 0)
        for text in texts:
            try:
                node = parse(text, NOW)
            except QueryError:
                continue
            wanted = sorted(
                (item for item in facts if fits(node, item)), key=lambda item: order(item, sort), reverse=down
            )
            hits = ask(index, node, sort, down=down)
            assert list(hits.names) == [item.name for item in wanted], text
            assert hits.total == len(wanted)
            scored = ask(index, node, "score")
            assert {*scored.names} == {item.name for item in wanted}, text
            for field in FACETS:
                values = [value for item in wanted for value in item.facets[field]]
                assert dict(hits.facets.get(field, {})) == {value: values.count(value) for value in values}, field


SORTS = st.sampled_from(("id", "name", "title_string", "metadata_modified", "metadata_created"))
LIMITS = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


@settings(max_examples=5, **LIMITS)  # type: ignore[arg-type]
@given(catalogues(), st.lists(queries(), min_size=10, max_size=25), SORTS, st.booleans())
def test_the_index_finds_what_a_query_means(
    found: Sequence[CatalogueEntry], texts: Sequence[str], sort: str, down: bool
) -> None:
    check(found, texts, sort, down=down)


@pytest.mark.slow
@settings(max_examples=250, **LIMITS)  # type: ignore[arg-type]
@given(catalogues(12), st.lists(queries() | broken(), min_size=10, max_size=40), SORTS, st.booleans())
def test_the_index_finds_what_many_queries_mean(
    found: Sequence[CatalogueEntry], texts: Sequence[str], sort: str, down: bool
) -> None:
    check(found, texts, sort, down=down)


@settings(max_examples=150, **LIMITS)  # type: ignore[arg-type]
@given(broken())
def test_no_text_is_anything_but_a_query_or_refused(text: str) -> None:
    for read in (parse, parse_query):
        try:
            node = read(text, NOW)
        except QueryError:
            assert read is parse or ":" in text or len(text) > 10_000
            continue
        for item in SMALL:
            assert fits(node, item) in (True, False)


def test_what_takes_the_index_long_is_refused() -> None:
    for wrong in (["name:*a*"] * 21, [" OR ".join(["name:[a TO b]"] * 11)] * 2, [" OR ".join(["a:b"] * 300)] * 2):
        with pytest.raises(QueryError):
            read_asked({"fq_list": wrong}, NOW)
    assert read_asked({"fq_list": ["name:*a*"] * 20, "q": "a " * 400}, NOW).rows == 10


NAMES = st.sampled_from("q fq fq_list rows start sort facet.field facet.limit fl ext_a x".split())  # noqa: SIM905
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=150, **LIMITS)  # type: ignore[arg-type]
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_parameters_of_any_kind_are_understood_or_refused(parameters: dict[str, object]) -> None:
    try:
        asked = read_asked(parameters, NOW)
    except CkanError:
        return
    assert 0 <= asked.rows <= 1000
