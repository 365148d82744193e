"""What the links of a page lead to in a mirror."""

from __future__ import annotations

import pytest

from opendata.mirror.worker.links import Links

_KNOWN = {"/": "/en/", "/datasets": "/en/datasets", "/datasets/x": "/en/datasets/x", "/x.csv": "/x.csv"}


def _find(path: str, query: dict[str, str]) -> str | None:
    language = query.pop("lang", "en")
    found = None if query else _KNOWN.get(path)
    return found.removeprefix("/en") if found and language == "zh" else found


LINKS = Links(
    _find, base="https://data.example.org", notice="/en/not-here/", nothing="/none.json", search="/en/datasets"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="/datasets/x">', '<a href="/en/datasets/x">'),
        ('<a href="/datasets/x?lang=zh">', '<a href="/datasets/x">'),
        ('<a href="/datasets/x#rows">', '<a href="/en/datasets/x#rows">'),
        ('<a href="#rows">', '<a href="#rows">'),
        ('<a href="https://data.example.org/x.csv" download>', '<a href="/x.csv" download>'),
        ('<a href="https://other.example/x">', '<a href="https://other.example/x">'),
        ('<a href="mailto:a@example.org">', '<a href="mailto:a@example.org">'),
        (
            '<a href="/leave?to=https%3A%2F%2Fother.example%2F%3Fa%3Db&amp;sign=s">',
            '<a href="https://other.example/?a=b">',
        ),
        ('<a href="/sql?q=a&amp;b=c">', '<a href="/en/not-here/#/sql?q=a&amp;b=c">'),
        ('<a href="/datasets?publisher=p">', '<a href="/en/not-here/#/datasets?publisher=p">'),
        ('<a href="chart">', '<a href="/en/not-here/#/datasets/chart">'),
        ('<a class="more" href="../datasets">', '<a class="more" href="/en/datasets">'),
        ('<link rel="alternate" href="/rows">', ""),
        (
            '<link rel="canonical" href="https://data.example.org/rows">',
            '<link rel="canonical" href="https://data.example.org/rows">',
        ),
        ('<a data-live href="https://data.example.org">', '<a data-live href="https://data.example.org">'),
        ('<input data-search="/api/v1/search/suggestions">', '<input data-search="/none.json">'),
        (
            '<form class="search" role="search" method="get" action="/datasets">',
            '<form method="get" action="/en/datasets" class="search" role="search">',
        ),
        ('<form method="post" action="/requests">', '<form method="get" action="/en/not-here/">'),
        ("<form>", '<form method="get" action="/en/not-here/">'),
        ('<p title="href">href="/sql"</p>', '<p title="href">href="/sql"</p>'),
    ],
)
def test_a_link_leads_into_the_mirror_or_to_the_page_that_says_what_isnt_there(before: str, after: str) -> None:
    assert LINKS.rewrite(before, "/datasets/x") == after
