"""The pages of the conformance desk."""

from __future__ import annotations

from lxml import etree

from tests.web.conftest import Portal


def test_the_desk_says_what_wins_points(portal: Portal) -> None:
    portal.services.conformance.run_due()
    for language, word in (("zh", "元数据质量"), ("en", "Quality of the metadata")):
        client = portal.client(language)
        page = client.get("/datasets/reservoirs/conformance")
        assert page.status_code == 200
        assert word in page.text
        assert "405" in page.text
        assert word in client.get("/conformance").text
    badge = portal.client().get("/datasets/reservoirs/conformance.svg")
    assert badge.mimetype == "image/svg+xml"
    assert etree.fromstring(badge.data).tag.endswith("svg")
    assert badge.headers["Access-Control-Allow-Origin"] == "*"
    assert portal.client().get("/datasets/nothing/conformance").status_code == 404
    document = portal.client().get("/api/v1/datasets/reservoirs/conformance").json
    assert document["most"] == 405
    assert document["gains"]
    assert portal.client().get("/api/v1/conformance?limit=1").json["items"][0]["dataset"] == "reservoirs"
