"""Time limits as catalogues have them: what they mean, and which ones aren't guessed."""

from __future__ import annotations

import pytest

from opendata.domain.basics.timing import Doubt, Kind, TimeLimit, Trigger, parse_time_limit
from opendata.domain.clocks.limits import Limit, Unit

W, D, M, F = Unit.WORKING_DAY, Unit.DAY, Unit.MONTH, Unit.FIXED_DATE
FORMED, DOCUMENT, DECIDED = Trigger.FORMED, Trigger.DOCUMENT, Trigger.DECIDED
OTHER, UNSTATED = Trigger.OTHER, Trigger.UNSTATED

WITHIN = [
    ("信息形成或者变更之日起20个工作日内", FORMED, 20, W),
    ("自信息形成或变更之日起 20 个工作日内予以公开", FORMED, 20, W),
    ("信息形成或者变更之日起\n二十个工作日内", FORMED, 20, W),
    ("制作、获取或变更之日起20个工作日", FORMED, 20, W),
    ("3个工作日内", UNSTATED, 3, W),
    ("3个工作日内公开", UNSTATED, 3, W),
    ("关联规范性文件公开3个工作日内", DOCUMENT, 3, W),
    ("政策文件印发后３个工作日内", DOCUMENT, 3, W),
    ("批准后7个工作日内", DECIDED, 7, W),
    ("行政处罚决定作出之日起七个工作日内", DECIDED, 7, W),
    ("收到申请之日起十五日内", OTHER, 15, D),
    ("信息形成之日起1个月内", FORMED, 1, M),
    ("作出决定后30日内", DECIDED, 30, D),
    ("形成后24小时内", FORMED, 1, D),
    ("决算批准后二十日以内", DECIDED, 20, D),
    ("形成之日起一年内", FORMED, 12, M),
    ("形成之日起一百二十日内", FORMED, 120, D),
]
YEARLY = [("每年1月31日前", 131), ("次年3月31日之前公布", 331), ("每年二月底前", 228), ("每年十二月三十一日前", 1231)]
KINDS = [
    ("及时", Kind.PROMPT, UNSTATED),
    ("实时公开", Kind.PROMPT, UNSTATED),
    ("信息形成后及时公开", Kind.PROMPT, FORMED),
    ("长期", Kind.LASTING, UNSTATED),
    ("永久公开", Kind.LASTING, UNSTATED),
    ("按季度公开", Kind.PERIODIC, UNSTATED),
    ("每月", Kind.PERIODIC, UNSTATED),
]
UNKNOWN = [
    ("按规定时间", Doubt.NOT_UNDERSTOOD),
    ("3个工作日内；情况复杂的20个工作日内", Doubt.SEVERAL),
    ("会议召开前3个工作日", Doubt.BEFORE),
    ("提前7日公告", Doubt.BEFORE),
    ("形成后36小时内", Doubt.NOT_UNDERSTOOD),
    ("每年13月1日前", Doubt.NOT_UNDERSTOOD),
    ("0个工作日内", Doubt.NOT_UNDERSTOOD),
    ("4月8日前", Doubt.NOT_UNDERSTOOD),
]


def test_time_limits_that_can_be_counted() -> None:
    for text, trigger, number, unit in WITHIN:
        assert parse_time_limit(text) == TimeLimit(text, Kind.WITHIN, trigger, Limit(number, unit)), text
    for text, day in YEARLY:
        assert parse_time_limit(text) == TimeLimit(text, Kind.YEARLY, limit=Limit(day, F)), text
    twice = "3个工作日内，最迟3个工作日内"
    assert parse_time_limit(twice).limit == Limit(3, W)


def test_time_limits_without_a_number_keep_their_kind() -> None:
    for text, kind, trigger in KINDS:
        found = parse_time_limit(text)
        assert (found.kind, found.trigger, found.limit, found.is_understood) == (kind, trigger, None, True), text


@pytest.mark.parametrize(("text", "doubt"), UNKNOWN)
def test_what_is_not_understood_says_so(text: str, doubt: Doubt) -> None:
    found = parse_time_limit(text)
    assert (found.kind, found.doubt, found.limit) == (Kind.UNKNOWN, doubt, None)


def test_no_text_is_no_time_limit() -> None:
    assert parse_time_limit(" ").kind == Kind.NONE
