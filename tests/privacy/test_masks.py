"""A mask hides what it says it hides, the same way for every value of a kind."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.privacy import Kind
from opendata.privacy.masks import find_county, find_township, hide_value, mask_name, mask_value
from tests.privacy.corpora import NAMED, POSITIVES, make_name, make_old_id, make_resident_id

SIGNS = "\u00a0\u2009\u202f\u3000\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u200b\u200c\u200d\ufeff"


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        (Kind.RESIDENT_ID, "431126198001011012", "431126********1012"),
        (Kind.RESIDENT_ID, "431126800101101", "431126******101"),
        (Kind.MOBILE, "13812345678", "138****5678"),
        (Kind.MOBILE, "+86 138-1234-5678", "138****5678"),
        *((Kind.MOBILE, f"138{sign}1234{sign}5601", "138****5601") for sign in SIGNS),
        (Kind.MOBILE, "１３８１２３４５６０１", "138****5601"),
        (Kind.MOBILE, "13112345601.00", "131****5601"),
        (Kind.MOBILE, "13812345601.0", "138****5601"),
        (Kind.MOBILE, "138.1234.5601", "138****5601"),
        (Kind.MOBILE, "13,812,345,601.00", "138****5601"),
        (Kind.MOBILE, "1113812345601", "********"),
        *((Kind.RESIDENT_ID, f"431126{sign}19800101{sign}1012", "431126********1012") for sign in SIGNS),
        (Kind.RESIDENT_ID, "431126198001011012.0", "431126********1012"),
        (Kind.RESIDENT_ID, "ID4311261980010110", "********"),
        (Kind.BANK_CARD, "6217\u00a00012\u00a03456\u00a07890", "****7890"),
        (Kind.LANDLINE, "0731\u201384123456", "0731-****3456"),
        (Kind.LANDLINE, "0731-84123456", "0731-****3456"),
        (Kind.LANDLINE, "(010)62345678", "010-****5678"),
        (Kind.LANDLINE, "84123456", "****3456"),
        (Kind.BANK_CARD, "6217001234567890123", "****0123"),
        (Kind.EMAIL, "someone@example.com", "****@example.com"),
        (Kind.PLATE, "湘A12345", "湘A****"),
        (Kind.NAME, "张三", "张*"),
        (Kind.NAME, "张三丰", "张*"),
        (Kind.NAME, "欧阳明", "欧阳*"),
        (Kind.NAME, "买买提·吐尔逊", "买*"),
        (Kind.ADDRESS, "湖南省永州市祁阳县白水镇红星村3组", "湖南省永州市祁阳县****"),
        (Kind.ADDRESS, "幸福小区3栋501室", "****"),
        (Kind.PASSPORT, "E12345678", "********"),
    ],
)
def test_each_kind_has_one_mask(kind: Kind, text: str, masked: str) -> None:
    assert mask_value(kind, text) == masked


@pytest.mark.parametrize("kind", Kind)
@given(st.text(max_size=30))
def test_any_text_can_be_masked_and_a_mask_always_hides(kind: Kind, text: str) -> None:
    assert "*" in mask_value(kind, text)
    assert "*" in hide_value(kind, text)


@given(st.integers(0, 10**6))
def test_hidden_digits_are_nowhere_in_the_mask(seed: int) -> None:
    random = Random(seed)
    for make, start, end in ((make_resident_id, 6, 14), (make_old_id, 6, 12)):
        number = make(random)
        masked = mask_value(Kind.RESIDENT_ID, number)
        assert masked[start:end] == "*" * (end - start)
        assert masked[:start] == number[:start]
        assert masked[end:] == number[end:]
    for kind, (_, make) in {**POSITIVES, **NAMED}.items():
        text = make(random)
        assert text not in mask_value(kind, text)
        assert mask_value(kind, text) == mask_value(kind, text)


@given(st.integers(0, 10**6))
def test_two_values_with_the_same_ends_have_the_same_mask(seed: int) -> None:
    random = Random(seed)
    number = make_resident_id(random)
    other = number[:6] + "19000101" + number[14:]
    assert mask_value(Kind.RESIDENT_ID, number) == mask_value(Kind.RESIDENT_ID, other)
    name = make_name(random)
    assert mask_name(name) == mask_name(name + "某")


@pytest.mark.parametrize(
    ("address", "county", "township"),
    [
        ("湖南省永州市祁阳县白水镇红星村3组", "湖南省永州市祁阳县", "湖南省永州市祁阳县白水镇"),
        ("北京市朝阳区望城坡街道幸福小区3栋", "北京市朝阳区", "北京市朝阳区望城坡街道"),
        ("内蒙古自治区呼和浩特市赛罕区大学路1号", "内蒙古自治区呼和浩特市赛罕区", "内蒙古自治区呼和浩特市赛罕区"),
        ("幸福小区3栋501室", "", ""),
        ("", "", ""),
    ],
)
def test_an_address_is_cut_at_its_county_or_town(address: str, county: str, township: str) -> None:
    assert find_county(address) == county
    assert find_township(address) == township


@given(st.text(max_size=40))
def test_no_house_number_is_left_of_any_address(text: str) -> None:
    assert not any("0" <= character <= "9" for character in find_township(text))
