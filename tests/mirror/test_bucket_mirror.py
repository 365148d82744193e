"""A mirror in a bucket of a real object store, sent by the store itself as a website and by nginx before the bucket."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import pytest
import requests

from opendata.errors import BackendError
from opendata.mirror.targets import BucketTarget
from opendata.mirror.verifying import LISTED_OTHER
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.ceph_server import Bucket, CephServer
from tests.clients.conftest import run_command
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services, publish
from tests.mirror.serving import LIVE, name_bucket, open_bucket, serve_bucket, write_mirror

pytestmark = pytest.mark.slow

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_LINK = re.compile(r'\s(?:href|src|action)="([^"]*)"')
_ROWS = "".join(f"A{number},水库{number},{number % 90},2026-02-02\n" for number in range(100, 1_000))


@dataclass(frozen=True)
class Site:
    """A mirror in a bucket, and how it is asked: the address, and the host if that is a name of the object store."""

    services: Services
    actor: Actor
    bucket: Bucket
    address: str
    host: str

    def ask(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        """What it answers. Redirects aren't followed."""
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.request(method, self.address + path, headers=sent, timeout=30, allow_redirects=False)


@pytest.fixture(scope="module")
def mirrored(ceph: CephServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, Actor, Bucket]]:
    """Two datasets, one with two versions and an attachment with a Chinese name, mirrored into a bucket."""
    services = make_services(tmp_path_factory.mktemp("bucket") / "instance")
    actor = make_actor(services, "boss", role="maintainer")
    for name in ("reservoirs", "rivers"):
        services.datasets.create(actor, {**DATASET, "id": name, "title": f"{name}的数据"})
    publish(services, actor, CSV + _ROWS, dataset="rivers")
    files = [UploadedFile("levels.csv", io.BytesIO(CSV.encode())), UploadedFile("说明 图.svg", io.BytesIO(SVG))]
    said = [ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)]
    said.append(ResourceOption(file="说明 图.svg", type="attachment"))
    view, _ = services.drafts.create(actor, "reservoirs", files, said)
    services.work.run_to_end(view.id)
    services.drafts.submit(actor, view.id, Submission())
    services.work.run_to_end(view.id)
    publish(services, actor, CSV + "A003,新安江,3,2026-02-02\n", dataset="reservoirs")
    bucket = ceph.make_bucket()
    with name_bucket(bucket) as target:
        write_mirror(services, target)
        again = write_mirror(services, target)
    assert (again.written, again.deleted, again.datasets) == (0, 0, 0)
    yield services, actor, bucket
    services.database.dispose()


@pytest.fixture(scope="module", params=["website", "nginx"])
def site(
    request: pytest.FixtureRequest, mirrored: tuple[Services, Actor, Bucket], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The mirror as the store sends it, and as nginx does."""
    services, actor, bucket = mirrored
    website = urlsplit(open_bucket(bucket)).netloc
    if request.param == "website":
        yield Site(services, actor, bucket, bucket.endpoint, website)
        return
    with serve_bucket(bucket, tmp_path_factory.mktemp("nginx")) as address:
        yield Site(services, actor, bucket, address, urlsplit(address).netloc)


def test_every_link_of_every_page_answers(site: Site) -> None:
    waiting, pages = ["/", "/en/", "/datasets"], 0
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        answer = site.ask(path)
        assert answer.status_code == 200, path
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        pages += 1
        for value in _LINK.findall(answer.text):
            link = urldefrag(urljoin(site.address + path, unescape(value)))[0]
            if link.startswith(site.address) and (found := link.removeprefix(site.address)) not in seen:
                seen.add(found)
                waiting.append(found)
    assert pages > 100
    assert any("/files/" in path for path in seen)


@pytest.mark.parametrize(
    "path", ["/datasets/rivers", "/datasets/rivers/1.0.0/levels", "/en/datasets/rivers", "/datasets"]
)
def test_a_page_has_its_address_with_and_without_a_slash(site: Site, path: str) -> None:
    answers = [site.ask(path + end) for end in ("", "/", "/index.html")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert site.ask(path, "HEAD").headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/datasets/rivers/latest/levels.csv", "text/csv; charset=utf-8"),
        ("/datasets/rivers/1.0.0/levels.parquet", "application/vnd.apache.parquet"),
        ("/datasets/rivers.ttl", "text/turtle; charset=utf-8"),
        ("/catalog.jsonld", "application/ld+json"),
        ("/en/feed.atom", "application/atom+xml"),
        ("/api/v1/datasets", "application/json"),
        ("/api/v1/datasets/rivers", "application/json"),
        ("/api/v1/datasets/rivers/versions/1.0.0", "application/json"),
        ("/llms.txt", "text/markdown; charset=utf-8"),
        ("/static/mirror.js", "text/javascript; charset=utf-8"),
        ("/mirror/search/index.json", "application/json"),
    ],
)
def test_a_file_has_the_media_type_of_the_portal_and_no_coding(site: Site, path: str, kind: str) -> None:
    answer = site.ask(path, Accept_Encoding="identity")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-cache"
    again = site.ask(path, If_None_Match=answer.headers["ETag"], Accept_Encoding="identity")
    assert again.status_code == 304


def test_a_part_of_a_parquet_file_can_be_asked_for_from_any_site(site: Site) -> None:
    path, origin = "/datasets/rivers/1.0.0/levels.parquet", "https://other.example.org"
    whole = site.ask(path, Origin=origin)
    head = site.ask(path, "HEAD", Origin=origin)
    assert int(head.headers["Content-Length"]) == len(whole.content)
    answer = site.ask(path, Range="bytes=-8", Origin=origin)
    assert (answer.status_code, answer.content) == (206, whole.content[-8:])
    assert (
        answer.headers["Content-Range"]
        == f"bytes {len(whole.content) - 8}-{len(whole.content) - 1}/{len(whole.content)}"
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]


def test_what_isnt_there_is_answered_by_the_page_that_says_so(site: Site) -> None:
    for path in ("/sql", "/datasets/nothing/1.0.0/", "/en/nothing", "/no.csv", "/datasets/rivers/9.0.0/levels.csv"):
        answer = site.ask(path)
        assert answer.status_code == 404, path
        assert LIVE in answer.text


def test_nothing_is_asked_of_the_object_store_but_its_objects(site: Site) -> None:
    for query in ("policy", "acl", "uploads", "list-type=2", "cors"):
        answer = site.ask(f"/datasets/rivers?{query}")
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<ListBucketResult" not in site.ask(f"/?{query}").content
    for method in ("POST", "PUT", "DELETE"):
        assert site.ask("/datasets/rivers", method).status_code in (403, 405)


def test_an_attachment_is_never_run_in_a_browser(site: Site) -> None:
    item = site.services.versions.get_manifest("reservoirs", "1.0.0").attachments[0]
    for version in ("1.0.0", "latest"):
        answer = site.ask(f"/datasets/reservoirs/{version}/{quote(item.path)}")
        assert (answer.status_code, answer.content) == (200, SVG)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert hashlib.sha256(answer.content).hexdigest() in item.file.hash


def test_a_withdrawn_version_is_gone_from_the_bucket(ceph: CephServer, tmp_path: Path) -> None:
    services, bucket = make_services(tmp_path / "instance"), ceph.make_bucket()
    actor = make_actor(services, "boss", role="maintainer")
    services.datasets.create(actor, {**DATASET, "id": "reservoirs"})
    publish(services, actor, CSV, dataset="reservoirs")
    with name_bucket(bucket) as target:
        write_mirror(services, target, processes=1)
        found = BucketTarget(target)
        assert found.get("datasets/reservoirs/latest/levels.csv") is not None
        services.withdrawals.withdraw(actor, "reservoirs", "1.0.0", reason="measured wrongly")
        write_mirror(services, target, processes=1)
        assert not [key for key, _ in found.list() if key.endswith(("levels.csv", "levels.parquet"))]
        assert found.get("datasets/reservoirs/1.0.0/withdrawal.json") is not None
    services.database.dispose()


def test_a_bucket_that_cant_be_used_is_named_with_the_reason(ceph: CephServer) -> None:
    with (
        name_bucket(Bucket(ceph.endpoint, "no-such-bucket")) as target,
        pytest.raises(BackendError, match="no such bucket"),
    ):
        list(BucketTarget(target).list())
    bucket = ceph.make_bucket()
    wrong = Bucket(bucket.endpoint, bucket.name, secret="other")
    with name_bucket(wrong) as target, pytest.raises(BackendError, match="refuses access"):
        BucketTarget(target).get("x")


def test_the_mirror_is_verified_in_its_bucket_and_over_http(site: Site, tmp_path: Path) -> None:
    with name_bucket(site.bucket) as target:
        targets = [target] if site.address == site.bucket.endpoint else [target, site.address]
        for name in targets:
            found = json.loads(run_command(tmp_path, "verify", name, "--json", "--remember", str(tmp_path / "seen")))
            assert (found["datasets"], found["versions"], found["findings"]) == (2, 3, [])
            assert found["listed"] > 500


def test_an_object_that_somebody_changed_is_named(site: Site, tmp_path: Path) -> None:
    key = "datasets/rivers/index.html"
    with name_bucket(site.bucket) as target:
        bucket = BucketTarget(target)
        page = bucket.get(key)
        assert page is not None
        (tmp_path / "page").write_bytes(page.replace(b"rivers", b"rovers", 1))
        bucket.put(key, tmp_path / "page", "text/html; charset=utf-8")
        text = run_command(tmp_path, "verify", target, "--json", "--remember", str(tmp_path / "seen"), ok=(1,))
        (tmp_path / "page").write_bytes(page)
        bucket.put(key, tmp_path / "page", "text/html; charset=utf-8")
    (finding,) = json.loads(text)["findings"]
    assert finding == {"where": key, "what": LISTED_OTHER}
