"""Random catalogues and queries: few words, so that much is found and much is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.disclosure import Disclosure
from opendata.exchange.ckan.facts import Facts, read_facts
from opendata.exchange.ckan.packages import describe_package
from tests.exchange.samples import ADDRESSES, CONDITIONAL, FULL, LEAST, ROAD, WATER

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
WORDS = (
    "水库",
    "水库水位",
    "道路",
    "GDP 2026",
    "water",
    "waters level",
    "Größe",
    "ＡＢＣ",
    "水",
    "a-b_c",
    "C++",
    "库 水",
)
THEMES = ("生态环保", "信用体系", "人口")

_moments = st.integers(0, 400).map(lambda hours: NOW - timedelta(hours=hours, microseconds=hours % 3))
_texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join) | st.text(max_size=12)


@st.composite
def entries(draw: st.DrawFn) -> CatalogueEntry:
    """One dataset, made of a sample."""
    base = draw(st.sampled_from((LEAST, FULL, CONDITIONAL)))
    created = draw(_moments)
    metadata = replace(
        base.metadata,
        title=draw(_texts),
        description=draw(_texts),
        i18n={},
        keywords=draw(st.lists(st.sampled_from(WORDS), max_size=3)),
        update_cycle=draw(st.sampled_from(("", "monthly", "annual"))),
        licenses=draw(st.sampled_from(((), ({"name": "CC-BY-4.0"},), ({"name": "own"},)))),
        disclosure=draw(st.sampled_from((Disclosure(), Disclosure(attribute="closed", reason="密", legal_basis="法")))),
        further={"themes": draw(st.lists(st.sampled_from(THEMES), max_size=2, unique=True))},
    )
    number = draw(st.integers(0, 2**128 - 1))
    return replace(
        base,
        id=draw(st.from_regex(r"[a-d][a-d0-2_-]{1,4}", fullmatch=True)),
        uuid=str(UUID(int=number)),
        created=created,
        modified=max(created, draw(_moments)),
        editions=(),
        metadata=metadata,
        publisher=draw(st.sampled_from((WATER, ROAD))),
    )


def catalogues(most: int = 8) -> st.SearchStrategy[Sequence[CatalogueEntry]]:
    """A few datasets, their ids and UUIDs different in what sorts them."""
    return st.lists(entries(), max_size=most, unique_by=(lambda item: item.id, lambda item: item.uuid[:16]))


def know(found: Sequence[CatalogueEntry]) -> list[Facts]:
    """What searches know of them."""
    return [read_facts(describe_package(item, ADDRESSES, "zh")) for item in found]


_VALUES = st.sampled_from(
    (
        *WORDS,
        *"水库* *库 wat* w?ter ?b* * 水? *a* G*P a b1 water-bureau road-bureau csv PDF cc-by-4.0 dataset true".split(),  # noqa: SIM905
        "R/P1M",
        "watre~1",
        "wate~",
        "leevl~2",
        "open",
        "closed",
        "ecology-and-environment",
        "",
        "\\*",
        "!!",
    )
)
_PLAIN = _VALUES.filter(str.isalnum)
_FIELDS = st.sampled_from(
    """
    title notes text name id tags groups organization owner_org res_format res_name license_id frequency
    extras_frequency disclosure state type private nothing title_string author res_url
    """.split()  # noqa: SIM905
)
_BARE = st.text('ab水库 *?:()"[]{}+-!^~\\/ANDORT1', max_size=12)
_DATES = st.sampled_from(
    "* NOW NOW-7DAYS NOW/DAY NOW-1MONTH/DAY+2HOURS 2026-11-20T00:00:00Z 2026-11-29T12:00:00.000001Z 2026-11-25".split()  # noqa: SIM905
)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_CLAUSES = st.one_of(
    st.builds("{}:{}".format, _FIELDS, _VALUES),
    st.builds(lambda field, value: f"{field}:{_quote(value)}", _FIELDS, _VALUES),
    st.builds(lambda value: _quote(value), _VALUES),
    _VALUES,
    st.builds(
        lambda field, low, high, ends: (
            f"{field}:{ends[0]}{_quote(low) if low != '*' else low} TO {_quote(high)}{ends[1]}"
        ),
        _FIELDS,
        _VALUES,
        _VALUES | _BARE,
        st.tuples(st.sampled_from("[{"), st.sampled_from("]}")),
    ),
    st.builds(
        lambda field, low, high, ends: f"{field}:{ends[0]}{low} TO {high}{ends[1]}",
        st.sampled_from(("metadata_modified", "metadata_created")),
        _DATES,
        _DATES,
        st.tuples(st.sampled_from("[{"), st.sampled_from("]}")),
    ),
    st.builds("num_{}:[{} TO {}]".format, st.sampled_from(("resources", "tags")), st.integers(0, 6), st.integers(0, 6)),
    st.builds(
        '{}"{} {}"~3'.format,
        st.sampled_from(("", "title:", "name:")),
        st.sampled_from(WORDS),
        _VALUES.filter(str.isalnum),
    ),
    st.sampled_from(("*:*", "frequency:*", "groups:*", "title:*", "-nothing:*")),
)


def queries() -> st.SearchStrategy[str]:
    """Queries that mostly are some."""
    return st.recursive(
        _CLAUSES,
        lambda inner: st.one_of(
            st.builds("{} {} {}".format, inner, st.sampled_from(("AND", "OR", "", "&&", "||")), inner),
            st.builds("{}({})".format, st.sampled_from(("", "-", "NOT ", "+", "!", "title:")), inner),
            st.builds("-{}".format, inner),
        ),
        max_leaves=5,
    )


def broken() -> st.SearchStrategy[str]:
    """Texts that mostly are no queries."""
    return _BARE | st.text(max_size=20) | st.builds("{}{}".format, queries(), _BARE)
