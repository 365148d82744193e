"""CKAN's Action API as its clients meet it: how calls come in, envelopes, errors, other origins, and no redirect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from opendata.api.ckan.actions import ACTIONS, PRIVATE, WRITES
from opendata.errors import RateLimitError
from opendata.wiring import Services

API = "/api/3/action"
FORM = "application/x-www-form-urlencoded"


def call(client: FlaskClient, name: str, **parameters: Any) -> Any:
    """The result of a call that goes well."""
    answer = client.post(f"{API}/{name}", json=parameters)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found["success"] is True
    assert found["help"].endswith(f"/api/3/action/help_show?name={name}")
    return found["result"]


def refuse(answer: TestResponse, status: int, kind: str) -> dict[str, Any]:
    """The error of a call that doesn't."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json;charset=utf-8"
    found = answer.get_json()
    assert {*found} == {"help", "success", "error"}
    assert found["success"] is False
    assert found["error"]["__type"] == kind
    error: dict[str, Any] = found["error"]
    return error


@pytest.fixture(scope="module")
def tables(client: FlaskClient) -> dict[str, Any]:
    """The package with an open table."""
    found: dict[str, Any] = call(client, "package_show", id="reservoirs")
    return found


@pytest.mark.parametrize("path", ["/api/3/action/package_list", "/api/action/package_list"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_all_addresses_answer_in_place(client: FlaskClient, path: str, slash: str) -> None:
    for answer in (client.get(path + slash), client.post(path + slash)):
        assert answer.status_code == 200
        assert answer.content_type == "application/json;charset=utf-8"
        assert answer.get_json()["result"] == ["reservoirs", "wells"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for address in ("/api", "/api/", "/api/3", "/api/3/"):
        assert client.get(address).get_json() == {"version": 3}
    asked = client.options(path + slash)
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert "X-CKAN-API-Key" in asked.headers["Access-Control-Allow-Headers"]


def test_parameters_come_in_all_the_ways_they_are_sent(client: FlaskClient) -> None:
    text = json.dumps({"id": "wells"})
    show = f"{API}/package_show"
    for answer in (
        client.get(f"{show}?id=wells"),
        client.post(show, json={"id": "wells"}),
        client.post(show, data=text, content_type="application/json; charset=utf-8"),
        client.post(show, data=text),
        client.post(show, data={"id": "wells"}),
        client.post(show, data={"id": "wells"}, content_type="multipart/form-data"),
        client.post(show, data=text, content_type=FORM),
        client.post(show, data={text: ""}),
        client.post(show, data={text: "1"}),
        client.post(f"{show}?id=wells", json={"id": "reservoirs"}),
        client.post(show, json={"id": "wells"}, headers={"Authorization": "unknown", "X-CKAN-API-Key": "unknown"}),
        client.post(show, json={"id": "wells", "include_tracking": True, "use_default_schema": False, "other": [1]}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["result"]["name"] == "wells"
    twice = client.get(
        f"{API}/package_search?fq=organization:water-bureau&fq=name:wells&facet.field=groups&facet.field=tags"
    )
    assert twice.get_json()["result"]["count"] == 1
    assert {*twice.get_json()["result"]["facets"]} == {"groups", "tags"}
    assert call(client, "package_list", include_private=True, limit=1, offset=1) == ["wells"]


def test_what_is_no_call_is_refused_without_an_envelope(client: FlaskClient) -> None:
    assert client.get(f"{API}/nothing").get_json() == "Bad request: Action name not known: nothing"
    answers = [client.get(f"{API}/nothing"), client.get(f"{API}/package_create")]
    for body in ("{bad", "[1]", b'{"id": "\xff"}', "[" * 100_000, " " * 400_000):
        answers.append(client.post(f"{API}/package_show", data=body, content_type="application/json"))
    for answer in answers:
        assert answer.status_code == 400
        assert answer.get_json().startswith("Bad request: ")
    assert all(answer.get_json().startswith("Bad request: JSON Error: ") for answer in answers[1:])
    assert client.put(f"{API}/package_show").status_code == 405


def test_errors_have_their_type(client: FlaskClient) -> None:
    post = client.post
    assert refuse(post(f"{API}/package_show", json={"id": "nothing"}), 404, "Not Found Error")["message"] == "Not found"
    assert refuse(post(f"{API}/package_show", json={}), 409, "Validation Error") == {
        "__type": "Validation Error",
        "id": ["Missing value"],
    }
    assert "message" not in refuse(post(f"{API}/package_search", json={"rows": "many"}), 409, "Validation Error")
    for wrong in ({"unknown": 1}, {"fq": "a:("}, {"sort": "colour asc"}, {"q": "a:" + "b" * 10_000}):
        refuse(post(f"{API}/package_search", json=wrong), 400, "Search Query Error")
    denied = refuse(post(f"{API}/package_create", json={}), 403, "Authorization Error")["message"]
    assert denied.startswith("Access denied: ")
    assert "/api/docs" in denied
    refuse(client.get(f"{API}/user_list"), 403, "Authorization Error")
    refuse(post(f"{API}/datastore_search", json={}), 409, "Validation Error")
    refuse(post(f"{API}/datastore_search", json={"resource_id": "nothing"}), 404, "Not Found Error")
    for name in sorted(WRITES | PRIVATE)[::7]:
        refuse(post(f"{API}/{name}", json={}), 403, "Authorization Error")


def test_a_call_that_must_wait_says_how_long(
    client: FlaskClient, published: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(*_: object) -> None:
        raise RateLimitError("too much", seconds=7, policy="light", limit=3)

    monkeypatch.setattr(type(published.pace), "count", count)
    answer = client.get(f"{API}/package_list")
    assert refuse(answer, 429, "Rate Limit Error")["message"]
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["RateLimit"].startswith('"light";r=0')


def test_a_failure_of_ours_keeps_its_reason_to_itself(
    client: FlaskClient, published: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(type(published.ckan), "list_names", fail)
    assert refuse(client.get(f"{API}/package_list"), 500, "Internal Server Error")["message"] == "Internal Server Error"


def test_a_script_gets_its_answer_in_a_function_of_a_safe_name(client: FlaskClient) -> None:
    answer = client.get(f"{API}/package_search?rows=0&callback=my.f_1$")
    assert answer.content_type == "application/javascript;charset=utf-8"
    assert answer.text.startswith("/**/my.f_1$({")
    for name in ("alert(1)//", "a b", "<script>", "a" * 200, "é"):
        assert (
            client.get(f"{API}/site_read", query_string={"callback": name}).content_type
            == "application/json;charset=utf-8"
        )
    ours = client.get(f"{API}/site_read?callback=alert", headers={"Sec-Fetch-Site": "same-origin"})
    assert ours.content_type == "application/json;charset=utf-8"


def test_packages_are_searched_counted_sorted_and_paged(client: FlaskClient) -> None:
    found = call(client, "package_search", **{"facet.field": ["organization", "res_format", "vocab_x"], "q": "水"})
    assert (found["count"], found["sort"]) == (2, "score desc, metadata_modified desc")
    assert found["facets"] == {
        "organization": {"water-bureau": 2},
        "res_format": {"CSV": 1, "Parquet": 1},
        "vocab_x": {},
    }
    assert found["search_facets"]["organization"] == {
        "title": "organization",
        "items": [{"name": "water-bureau", "display_name": "水务局", "count": 2}],
    }
    assert [item["name"] for item in found["search_facets"]["res_format"]["items"]] == ["Parquet", "CSV"]
    for package in found["results"]:
        assert (
            package
            == call(client, "package_show", id=package["id"])
            == call(client, "package_show", id=package["name"])
        )
    assert call(client, "package_search", rows=0)["results"] == []
    assert call(client, "package_search", rows=5000)["count"] == 2
    assert call(client, "package_search", start=2)["results"] == []
    assert call(client, "package_search", start=10**12)["results"] == []
    names = [item["name"] for item in call(client, "package_search", sort="name desc")["results"]]
    assert names == ["wells", "reservoirs"]
    pages = [call(client, "package_search", sort="id asc", rows=1, start=start)["results"][0]["id"] for start in (0, 1)]
    assert pages == sorted(pages)
    assert call(client, "package_search", fl="id,name", rows=1, sort="name asc")["results"][0].keys() == {"id", "name"}
    assert call(client, "package_search", **{"facet.limit": 1, "facet.field": '["res_format"]'})["facets"] == {
        "res_format": {"CSV": 1}
    }
    assert "facets" in call(client, "package_search")
    assert call(client, "package_search")["facets"] == {}
    assert call(client, "package_search", fq_list=["name:wells", "organization:water-bureau"], ext_x="1")["count"] == 1
    assert call(client, "current_package_list_with_resources", limit=1)[0]["name"] in {"wells", "reservoirs"}


def test_what_is_not_open_is_there_without_its_rows(client: FlaskClient) -> None:
    package = call(client, "package_show", id="wells")
    assert (package["isopen"], package["resources"]) == (False, [])
    assert {item["key"]: item["value"] for item in package["extras"]}["disclosure"] == "conditional"
    for table in ("depths",):
        sql = f'SELECT * FROM "wells"."{table}"'
        refuse(client.post(f"{API}/datastore_search_sql", json={"sql": sql}), 409, "Validation Error")


def test_organizations_groups_tags_licences_and_resources_are_listed(
    client: FlaskClient, tables: dict[str, Any]
) -> None:
    assert call(client, "organization_list") == ["water-bureau"]
    (water,) = call(client, "organization_list", all_fields=True)
    assert (water["title"], water["package_count"], water["approval_status"]) == ("水务局", 2, "approved")
    shown = call(client, "organization_show", id=water["id"], include_datasets=True, include_users=False)
    assert {item["name"] for item in shown["packages"]} == {"reservoirs", "wells"}
    assert (
        call(client, "organization_show", id="water-bureau", include_dataset_count=False).get("package_count") is None
    )
    refuse(client.get(f"{API}/organization_show?id=nobody"), 404, "Not Found Error")
    groups = call(client, "group_list", all_fields=True, sort="name asc", limit=2)
    assert len(groups) == 2
    assert call(client, "group_show", id=groups[0]["id"])["name"] == groups[0]["name"]
    assert call(client, "tag_list") == []
    refuse(client.get(f"{API}/tag_show?id=nothing"), 404, "Not Found Error")
    assert "cc-by-4.0" in {item["id"] for item in call(client, "license_list")}
    resource = tables["resources"][0]
    assert call(client, "resource_show", id=resource["id"]) == resource
    assert resource["package_id"] == tables["id"]
    assert call(client, "resource_search", query=["format:csv", "name:水"])["results"] == [resource]
    assert call(client, "resource_search", query="hash:" + resource["hash"])["count"] == 1
    refuse(client.get(f"{API}/resource_search?query=colour:red"), 409, "Validation Error")
    assert call(client, "format_autocomplete", q="C") == ["csv"]
    assert call(client, "package_autocomplete", q="res")[0]["match_field"] == "name"
    assert call(client, "package_autocomplete", q="水")[0]["match_field"] == "title"
    assert call(client, "resource_view_list", id=resource["id"]) == []
    status = call(client, "status_show")
    assert status["ckan_version"] == "2.10.0"
    for name in ACTIONS:
        assert client.get(f"{API}/help_show?name={name}").get_json()["result"]
    found = client.get("/api/2/util/dataset/autocomplete?incomplete=res").get_json()
    assert found["ResultSet"]["Result"][0]["name"] == "reservoirs"


def test_old_addresses_of_pages_lead_on(client: FlaskClient, tables: dict[str, Any]) -> None:
    resource = tables["resources"][0]["id"]
    for path, target in (
        ("/dataset/reservoirs", "/datasets/reservoirs"),
        (f"/dataset/{tables['id']}", "/datasets/reservoirs"),
        (f"/dataset/reservoirs/resource/{resource}", "/datasets/reservoirs/1.1.0/levels"),
        ("/dataset?q=a", "/datasets?q=a"),
        ("/organization/water-bureau", "/publishers/water-bureau"),
        ("/feeds/dataset.atom", "/feed.atom"),
        ("/feeds/organization/water-bureau.atom", "/publishers/water-bureau/feed.atom"),
        ("/feeds/custom.atom?q=a", "/datasets.atom?q=a"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (302, target)
    group = client.get("/group/health")
    assert client.get(group.location).status_code == 200
    for path in ("/dataset/nothing", "/organization/nothing", "/group/nothing", f"/dataset/wells/resource/{resource}"):
        assert client.get(path).status_code == 404


def test_files_come_from_the_newest_version(client: FlaskClient, tables: dict[str, Any]) -> None:
    for resource in tables["resources"]:
        path = resource["url"].removeprefix("http://localhost")
        answer = client.get(path)
        assert answer.status_code == 200
        assert len(answer.data) == resource["size"]
        assert "ETag" in answer.headers
        part = client.get(path.rpartition("/")[0], headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.data) == (206, answer.data[:4])
    assert client.get(f"/dataset/wells/resource/{resource['id']}/download/a.csv").status_code == 404


def test_broken_text_in_an_address_is_no_failure(client: FlaskClient) -> None:
    for query in ("q=%ff%fe", "q=%ed%a0%80", "fq=name:%00", "q=" + "%E6%B0%B4" * 900):
        assert client.get(f"{API}/package_search?{query}").status_code in (200, 400)
    assert (
        client.post(f"{API}/package_search", data='{"q": "\\ud800"}', content_type="application/json").status_code
        == 200
    )
    assert (
        client.post(f"{API}/package_show", data='{"id": "\\ud800"}', content_type="application/json").status_code == 404
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    """
    id resource_id name q query fq sort limit offset rows start filters fields distinct records_format sql all_fields
    include_datasets organizations facet.field order_by incomplete
    """.split()  # noqa: SIM905
)
SENT = st.dictionaries(NAMES, ANYTHING, max_size=4)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(ACTIONS)), parameters=st.dictionaries(NAMES, ANYTHING, max_size=4), known=st.booleans()
)
def test_no_parameters_make_a_call_fail(
    client: FlaskClient, published: Services, name: str, parameters: dict[str, Any], known: bool
) -> None:
    assert published
    if known:
        package = call(client, "package_show", id="reservoirs")
        parameters |= {"id": package["resources"][0]["id"], "resource_id": package["resources"][0]["id"]}
    answer = client.post(f"{API}/{name}", json=parameters)
    assert answer.status_code in (200, 400, 403, 404, 409), answer.text
    assert answer.get_json() is not None
