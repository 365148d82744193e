"""Which file of a mirror holds what an address answers."""

from __future__ import annotations

import pytest

from opendata.mirror.addresses import Place, file_key, is_safe, media_type, page_key


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (Place("/"), "index.html"),
        (Place("/", "en"), "en/index.html"),
        (Place("/datasets/x"), "datasets/x/index.html"),
        (Place("/datasets/x/1.0.0/"), "datasets/x/1.0.0/index.html"),
        (Place("/datasets/x/1.0.0/t", "en"), "en/datasets/x/1.0.0/t/index.html"),
        (Place("/datasets", "", 3), "datasets/~3/index.html"),
        (Place("/columns/%E6%B0%B4"), "columns/水/index.html"),
    ],
)
def test_a_page_is_the_index_of_a_folder(place: Place, key: str) -> None:
    assert page_key(place) == key


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/catalog.ttl", "catalog.ttl"),
        ("/datasets/x/1.0.0/datapackage.json.sig", "datasets/x/1.0.0/datapackage.json.sig"),
        ("/datasets/x/1.0.0/files/%E8%AF%B4%E6%98%8E.pdf", "datasets/x/1.0.0/files/说明.pdf"),
        ("/.well-known/opendata-keys.json", ".well-known/opendata-keys.json"),
        ("/api/v1/datasets", "api/v1/datasets/index.json"),
        ("/api/v1/datasets/x/versions/1.0.0", "api/v1/datasets/x/versions/1.0.0/index.json"),
    ],
)
def test_a_document_has_its_own_name_and_without_a_suffix_a_folder(path: str, key: str) -> None:
    assert file_key(Place(path)) == key


def test_a_further_page_of_a_list_is_linked_in_its_language() -> None:
    assert Place("/datasets", "en", 1).next().address == "/en/datasets/~2"


@pytest.mark.parametrize(
    "path", ["/a/../b", "/%2e%2e/etc", "/.mirror/journal.sqlite", "/a%00b", "/a\\b", "a", "/" + "a" * 300]
)
def test_an_address_that_would_leave_the_mirror_is_no_key(path: str) -> None:
    assert not is_safe(path)


def test_an_object_has_the_media_type_of_the_portal_or_of_its_suffix() -> None:
    assert media_type("a/index.html") == "text/html; charset=utf-8"
    assert media_type("a.csv", "text/csv; header=present") == "text/csv; header=present"
    assert media_type("a.unknown") == "application/octet-stream"
