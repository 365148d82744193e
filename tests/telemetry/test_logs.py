"""Lines of the log: one event a line, whatever is in it, with the request or draft that it belongs to."""

from __future__ import annotations

import json
import logging
import sys

from opendata.telemetry.logs import JsonLines, TextLines
from opendata.telemetry.trail import Trail, begin_trail, end_trail


def make(message: str, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("opendata.test", logging.WARNING, __file__, 1, message, (), None)
    record.__dict__.update(more)
    return record


def test_a_line_of_json_is_one_line_and_has_what_it_is_about() -> None:
    line = JsonLines().format(make('二\n"x"', fields={"route": "/a", "ms": 1.5}))
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == '二\n"x"'
    assert (found["level"], found["logger"], found["route"], found["ms"]) == ("warning", "opendata.test", "/a", 1.5)
    assert found["time"].endswith("Z")


def test_a_line_says_which_request_it_belongs_to() -> None:
    token = begin_trail(Trail("abc", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", draft="d1"))
    try:
        found = json.loads(JsonLines().format(make("x")))
        text = TextLines().format(make("x"))
    finally:
        end_trail(token)
    named = {"request": "abc", "draft": "d1", "trace": "4bf92f3577b34da6a3ce929d0e0e4736"}
    assert found.items() >= named.items()
    assert text.endswith(" WARNING opendata.test: x draft=d1 request=abc trace=4bf92f3577b34da6a3ce929d0e0e4736")
    assert "request" not in json.loads(JsonLines().format(make("x")))


def test_a_failure_has_its_traceback_in_the_same_line_of_json() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = make("failed", exc_info=sys.exc_info())
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "ValueError: broken" in json.loads(line)["exception"]
    assert TextLines().format(record).count("failed") == 1


def test_text_that_somebody_sent_makes_no_second_line() -> None:
    assert "\n" not in TextLines().format(make("a\nb\r\nc"))
