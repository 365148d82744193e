"""Personal data in a description or an attachment is found at its place."""

from __future__ import annotations

from random import Random

import pytest

from opendata.domain.privacy import Kind
from opendata.privacy.detection.spans import find_spans
from opendata.privacy.detection.texts import screen_text
from tests.privacy.corpora import make_text
from tests.privacy.screening import count_kinds

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
    "text", ["", "咨询电话12345", "订单202401011234567890", "共118.13912345678平方米", "GB/T 37964-2019"]
)
def test_an_ordinary_text_has_none(text: str) -> None:
    assert screen_text(text) == []


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
