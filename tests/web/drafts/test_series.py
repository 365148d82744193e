"""The question on a draft's page whether several files are one table, by forms alone."""

from __future__ import annotations

import io
from typing import Any

from tests.instances import DATASET
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send


def test_files_of_months_are_joined_with_one_click_and_taken_apart_with_another(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    client = desk.signed_in("clerk", "en")
    form: dict[str, Any] = {
        f"file_{number}": (io.BytesIO(f"乡镇,产值\n东湖,{number}\n".encode()), f"产值2026年0{number + 1}月.csv")
        for number in range(2)
    }
    place = send(client, "/workspace/datasets/reservoirs/upload", form).headers["Location"]
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "2 tables look like one table in parts" in page
    assert "They have the same 2 columns, and their names differ only by the month." in page
    assert "joined into one or kept apart" in client.get(f"{place}/check").text
    draft = desk.services.drafts.get(clerk, place.rsplit("/", 1)[-1])
    fields = {"choice": "join", "table": list(draft.series[0].tables), "column": "月份"}
    send(client, f"{place}/resources/{draft.series[0].tables[0]}/series", fields, form=place)
    desk.work()
    page = client.get(place).text
    check_page(page)
    assert "is joined from 2 files" in page
    joined = desk.services.drafts.get(clerk, draft.id).tables[0]
    send(client, f"{place}/resources/{joined.name}/series", {"choice": "apart"}, form=place)
    desk.work()
    page = client.get(place).text
    assert "Kept apart: 产值2026年01月.csv" in page
