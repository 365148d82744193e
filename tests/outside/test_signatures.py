"""Signed messages: what is signed is taken while it is young, and nothing else. Source: Standard Webhooks 1.0."""

from __future__ import annotations

import pytest

from opendata.outside.signatures import is_secret, is_signed, make_secret, sign, write_headers

_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_BODY = b'{"test": 2432232314}'


def test_the_example_of_the_specification_has_its_signature() -> None:
    made = sign(_SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", _BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("name", "value", "is_right"),
    [
        ("", "", True),
        ("webhook-id", "another", False),
        ("webhook-id", "", False),
        ("webhook-id", "ä", False),
        ("webhook-timestamp", "1000001", False),
        ("webhook-timestamp", "-5", False),
        ("webhook-timestamp", "1" * 40, False),
        ("webhook-signature", "", False),
        ("webhook-signature", "v1,AAAA", False),
        ("webhook-signature", "ä", False),
    ],
)
def test_a_message_that_was_changed_isnt_signed(name: str, value: str, is_right: bool) -> None:
    headers = {**write_headers(_SECRET, "put_1", _BODY, 1_000_000), **({name: value} if name else {})}
    assert is_signed(_SECRET, headers, _BODY, 1_000_100) is is_right


def test_an_old_message_one_of_the_future_and_one_of_another_body_arent_taken() -> None:
    headers = write_headers(_SECRET, "put_1", _BODY, 1_000_000)
    assert not is_signed(_SECRET, headers, _BODY, 1_000_301)
    assert not is_signed(_SECRET, headers, _BODY, 999_699)
    assert not is_signed(_SECRET, headers, _BODY + b" ", 1_000_000)
    assert not is_signed(make_secret(), headers, _BODY, 1_000_000)
    both = {**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}
    assert is_signed(_SECRET, both, _BODY, 1_000_000)


def test_a_secret_is_known() -> None:
    assert is_secret(make_secret())
    assert [is_secret(text) for text in ("", "whsec_", "whsec_äöü", "whsec_AAAA", "abc")] == [False] * 5
