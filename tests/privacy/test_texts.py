"""Personal data in a description or an attachment is found at its place."""

from __future__ import annotations

from random import Random

import pytest

from opendata.domain.privacy import Kind
from opendata.privacy.detection.spans import find_spans
from opendata.privacy.detection.texts import screen_text
from tests.privacy.corpora import make_text
from tests.privacy.numbers import complete_resident_id
from tests.privacy.screening import count_kinds

SIGNS = "\u00a0\u2009\u202f\u3000\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u200b\u200c\u200d\ufeff"
ID = complete_resident_id("11010119900307013")
ORDINARY = (
    "金额13,812,345,601元",
    "地址138.123.45.160",
    "坐标138.1234,35.5601",
    "版本1.38.1234.5601",
    "日期2024.01.15",
    "138.1234.5601",
    "共13812345601.5元",
)
DIGITS = (Kind.RESIDENT_ID, Kind.MOBILE, Kind.LANDLINE, Kind.EMAIL, Kind.PLATE)


def test_each_place_is_named_without_its_value() -> None:
    text = "请联系张工，电话13812345678，邮箱a.b@example.com，地址幸福小区3栋2单元501室。"
    found = screen_text(text)
    assert [item.kind for item in found] == [Kind.MOBILE, Kind.EMAIL, Kind.ADDRESS]
    assert text[found[0].start : found[0].end] == "13812345678"
    assert text[found[1].start : found[1].end] == "a.b@example.com"
    assert text[found[2].start : found[2].end].endswith("幸福小区3栋2单元501室")
    assert "12345678" not in "".join(item.example for item in found)


def test_a_passport_or_an_old_number_needs_a_word_before_it() -> None:
    assert [item.kind for item in screen_text("护照号码E12345678")] == [Kind.PASSPORT]
    assert screen_text("货号E12345678") == []
    assert [item.kind for item in screen_text("身份证110105491231002")] == [Kind.RESIDENT_ID]
    assert screen_text("编号110105491231002") == []
    assert [item.kind for item in screen_text("军官证：军字第12345678号")] == [Kind.MILITARY_ID]


@pytest.mark.parametrize(
    "text", ["", "咨询电话12345", "订单202401011234567890", "共118.13912345678平方米", "GB/T 37964-2019", *ORDINARY]
)
def test_an_ordinary_text_has_none(text: str) -> None:
    assert screen_text(text) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *((f"138{sign}1234{sign}5601", Kind.MOBILE) for sign in SIGNS),
        *((f"{ID[:6]}{sign}{ID[6:14]}{sign}{ID[14:]}", Kind.RESIDENT_ID) for sign in SIGNS),
        *((f"4111{sign}1111{sign}1111{sign}1111", Kind.BANK_CARD) for sign in SIGNS),
        ("\u200b".join("13812345601"), Kind.MOBILE),
        ("１３８１２３４５６０１", Kind.MOBILE),
        ("+86-138-1234-5601", Kind.MOBILE),
        ("+86 138\u00a01234\u00a05601", Kind.MOBILE),
        ("138.1234.5601", Kind.MOBILE),
        ("13,812,345,601", Kind.MOBILE),
        ("0731\u201384123456", Kind.LANDLINE),
    ],
)
def test_every_notation_is_found_at_its_place(number: str, kind: Kind) -> None:
    text = f"\u200b联系\ufeff电话：{number}，谢谢"
    assert [(item.kind, text[item.start : item.end]) for item in screen_text(text)] == [(kind, number)]


def test_letters_before_a_number_and_the_decimal_of_a_spreadsheet_hide_nothing() -> None:
    for text, number in ((f"ID{ID}号", ID), ("电话13812345601.0", "13812345601")):
        assert next(text[item.start : item.end] for item in screen_text(text)).startswith(number)
    assert len(screen_text("13812345601\u200b13912345678")) == 2


def test_a_text_as_long_as_a_book_is_screened_to_its_end() -> None:
    text = "本目录由主管部门编制。" * 20_000 + "电话13812345678"
    found = screen_text(text)
    assert [(item.kind, text[item.start : item.end]) for item in found] == [(Kind.MOBILE, "13812345678")]


def test_what_crosses_two_pieces_is_found_once() -> None:
    text = "。" * 99_995 + "13812345678" + "。" * 500
    assert [(item.start, item.end) for item in screen_text(text)] == [(99_995, 100_006)]


def test_columns_and_single_texts_are_judged_alike() -> None:
    random = Random(11)
    for _ in range(300):
        text, kinds = make_text(random)
        spans = {span.kind for span in find_spans(text)}
        found = count_kinds([text])
        for kind in DIGITS:
            assert (kind in spans) == (kind in kinds) == (kind in found), text
