"""Queries in addresses: what is written is what was read."""

from __future__ import annotations

import pytest

from opendata.errors import InputError
from opendata.query.addresses import list_orders, read_query, write_name, write_orders, write_query
from opendata.query.values import Filter, RowsQuery


def test_an_address_gives_the_query_that_it_was_written_for() -> None:
    filters = Filter("城市__区", "startswith", "海&="), Filter("a", "in", "1,2"), Filter("a", "in", "2,3")
    query = RowsQuery(select="a, b AS c", where="a > 1", filters=filters, search="x y", order_by="a DESC", limit=7)
    paged = RowsQuery(group_by="a", having="count(*) > 1", cursor="abc", offset=5, limit=50)
    for wanted in (query, paged, RowsQuery(limit=50)):
        pairs = write_query(wanted, limit=50)
        assert read_query(pairs, limit=50) == wanted
    assert write_query(RowsQuery(limit=50), limit=50) == []


def test_what_is_empty_or_of_others_is_left_alone_and_several_selects_are_one() -> None:
    pairs = [("select", "a"), ("lang", "zh"), ("a__gte", ""), ("select", "b"), ("q", ""), ("freeze", "a")]
    assert read_query(pairs, limit=9) == RowsQuery(select="a, b", limit=9)


@pytest.mark.parametrize("name", ["a__near", "__exact", "a__"])
def test_a_parameter_without_an_operator_is_refused_with_the_operators(name: str) -> None:
    with pytest.raises(InputError, match="contains"):
        read_query([(name, "1")], limit=9)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("level", "level"),
        ("order", '"order"'),
        ("城市", '"城市"'),
        ('a"b', '"a""b"'),
        ("null", '"null"'),
        ("_row", "_row"),
    ],
)
def test_a_name_is_quoted_where_it_would_not_be_read_as_a_column(name: str, written: str) -> None:
    assert write_name(name) == written
    assert list(list_orders(RowsQuery(order_by=f"{written} DESC"))) == [(written, True)]


def test_orders_are_read_and_written() -> None:
    query = RowsQuery(order_by='"level" desc, length(name), "城市" ASC')
    assert list(list_orders(query)) == [("level", True), ("LENGTH(name)", False), ('"城市"', False)]
    assert write_orders(list_orders(query)) == 'level DESC, LENGTH(name), "城市"'
    assert list_orders(RowsQuery(order_by="((")) == ()
