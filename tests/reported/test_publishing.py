"""Reported files on their whole way: what is accepted for one file holds for the next, and is published so."""

from __future__ import annotations

from typing import Any

from opendata.services.core.actors import Actor
from opendata.wiring import Services
from tests.instances import locate, upload

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "area", "type": "string"},
        {"name": "value", "type": "integer"},
        {"name": "at", "type": "datetime"},
    ]
}
TABLE = "area,value,at\n北京,10,2024-05-02T00:00:00+08:00\n天津,20,2024-05-02T07:30:00+08:00\n合计,30,\n"
TOTALS = [{"fieldName": "area", "kind": "total-row"}]


def test_totals_are_left_out_of_this_file_and_of_the_next(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, TABLE, schema=SCHEMA)
    services.drafts.change_resource(editor, draft.id, "levels", {"repairs": TOTALS})
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    file = services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")
    assert locate(file).read_text("utf-8") == (
        "area,value,at\n北京,10,2024-05-01T16:00:00Z\n天津,20,2024-05-01T23:30:00Z\n"
    )
    resource = services.versions.get_manifest("reservoirs", "1.0.0").resources[0]
    assert resource.schema.fields[2].own == {"zone": "UTC"}
    following = upload(
        services, editor, TABLE.replace("合计,30,", "上海,5,2024-05-03T00:00:00Z\n总计,35,"), schema=SCHEMA
    )
    assert following.resources[0].recipe == {"steps": [{"verb": "repair", "field": "area", "kind": "total-row"}]}
    assert following.resources[0].rows == 3
