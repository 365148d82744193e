"""An instance whose stores are buckets: its life from an upload to a withdrawal, and what looks after it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from flask.testing import FlaskClient

from opendata.cli import main
from opendata.db.locks import Locks
from opendata.domain.review.checklist import Check
from opendata.services.core.actors import SYSTEM
from opendata.services.core.review_values import Signature
from opendata.services.operations.backups import restore_backup
from opendata.services.operations.verification.sources import StoreSource
from opendata.services.operations.verification.verifying import Trust, verify
from opendata.settings import Settings
from opendata.storage.copying import copy_store
from opendata.storage.local import LocalStore
from opendata.storage.objects.store import S3Store
from opendata.storage.opening import Stores, open_store, open_stores
from opendata.storage.store import blob_key, manifest_key
from opendata.wiring import Services, build_services
from tests.ceph_server import KEY_ID, SECRET, Bucket, CephServer, SpoilingProxy, refuse_conditions
from tests.cli.operations.test_serving import fetch_status, running
from tests.instances import DATASET, lend_app, make_actor, make_services, upload
from tests.servers import CHECKOUT, free_port

pytestmark = pytest.mark.slow

PLACE = "/datasets/reservoirs/1.0.0/"
ROWS = "code,name,level,measured\n" + "".join(f"A{n:03},湖{n},{n}.5,2026-01-31\n" for n in range(900))


def describe_place(public: Bucket, private: Bucket) -> dict[str, Any]:
    """The settings of an instance in two buckets."""
    return {
        "store": f"s3://{public.name}/portal",
        "private_store": f"s3://{private.name}/portal",
        "s3_endpoint": public.endpoint,
        "s3_key_id": KEY_ID,
        "s3_secret": SECRET,
    }


def write_environment(settings: dict[str, Any]) -> dict[str, str]:
    return {f"OPENDATA_{name.upper()}": str(value) for name, value in settings.items()}


@pytest.fixture(params=["conditions", "locks"])
def services(
    request: pytest.FixtureRequest, ceph: CephServer, proxy: SpoilingProxy, tmp_path: Path
) -> Iterator[Services]:
    """An instance in two buckets: of Ceph, and of an object store without conditional writes."""
    found = describe_place(ceph.make_bucket(), ceph.make_bucket())
    if request.param == "locks":
        proxy.spoil = refuse_conditions
        found["s3_endpoint"] = proxy.endpoint
    services = make_in_buckets(tmp_path / "instance", found)
    yield services
    services.database.dispose()


def make_in_buckets(home: Path, place: dict[str, Any], *, empty: bool = False) -> Services:
    """An instance in buckets with an editor and a dataset, or one that only has the keys of another."""
    services = make_services(home, review="two-person")
    if not empty:
        services.datasets.create(make_actor(services, "editor"), DATASET)
    services.database.dispose()
    found = build_services(Settings(home=home, review="two-person", **place))
    stores = open_both(found)
    if not empty:
        copy_store(LocalStore(home / "store"), stores.public)
        copy_store(LocalStore(home / "private"), stores.private)
    shutil.rmtree(home / "store")
    return found


def open_both(services: Services) -> Stores:
    """The stores of an instance."""
    return open_stores(services.settings, Locks(services.database, services.settings.home / "locks").hold)


def publish(services: Services) -> None:
    """Upload a file, have it checked, reviewed by a second person, and published."""
    editor, second = services.accounts.get_actor("editor"), make_actor(services, "second")
    view = upload(services, editor, ROWS)
    assert view.status == "valid", view
    services.drafts.submit(editor, view.id)
    services.drafts.approve(second, view.id, signatures=[Signature(check=check) for check in Check])
    services.work.run_to_end(view.id)
    services.drafts.publish(second, view.id)
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).status == "published"


def name_faults(services: Services) -> list[tuple[str, str]]:
    return [(item.where, item.what) for item in services.checking.run(full=True).findings if not item.is_note]


def test_a_version_lives_in_buckets_from_its_upload_to_its_withdrawal(services: Services, tmp_path: Path) -> None:
    publish(services)
    with lend_app(services) as app:
        client = app.test_client()
        ready = client.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert client.get("/datasets/reservoirs").status_code == 200
        whole = read_downloads(client)
        assert client.get("/api/v1/datasets/reservoirs/1.0.0/levels/rows?limit=2").status_code == 200
    assert name_faults(services) == []
    stores = open_both(services)
    assert isinstance(stores.public, S3Store)
    assert verify(StoreSource(stores.public, "bucket"), Trust()).findings == []

    found = services.backups.write(tmp_path / "backup", with_keys=True)
    assert found.new_files == found.files > 5
    assert services.backups.write(tmp_path / "backup", with_keys=True).new_files == 0
    assert services.collecting.run(dry=True).public == 0

    again = make_in_buckets(
        tmp_path / "rebuilt", {name: getattr(services.settings, name) for name in STORE_SETTINGS}, empty=True
    )
    rebuilt = again.rebuilding.run()
    assert rebuilt.wrong == []
    assert again.versions.get("reservoirs", "1.0.0").version == "1.0.0"
    again.database.dispose()

    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="含有个人信息")
    services.withdrawals.place_all()
    sha256 = hashlib.sha256(whole).hexdigest()
    assert not stores.public.has_blob(sha256)
    with lend_app(services) as app:
        assert app.test_client().get(PLACE + "levels.csv").status_code == 410
    assert name_faults(services) == []
    services.backups.write(tmp_path / "backup", with_keys=True)
    assert not (tmp_path / "backup" / "public" / blob_key(sha256)).exists()
    assert not (tmp_path / "instance" / "store").exists()
    assert list((tmp_path / "instance" / "private").glob("blobs")) == []


STORE_SETTINGS = ("store", "private_store", "s3_endpoint", "s3_key_id", "s3_secret")


def read_downloads(client: FlaskClient) -> bytes:
    """The file as a whole, in parts, and not at all where it is in hand."""
    whole = client.get(PLACE + "levels.csv")
    assert (whole.status_code, whole.data.decode()) == (200, ROWS)
    assert hashlib.sha256(whole.data).hexdigest() in whole.headers["ETag"]
    part = client.get(PLACE + "levels.csv", headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.data) == (206, whole.data[100:300])
    assert part.headers["Repr-Digest"] == whole.headers["Repr-Digest"]
    parts = client.get(PLACE + "levels.csv", headers={"Range": "bytes=0-9,5000-5009"})
    assert parts.status_code == 206
    assert whole.data[:10] in parts.data
    assert whole.data[5000:5010] in parts.data
    in_hand = client.get(PLACE + "levels.csv", headers={"If-None-Match": whole.headers["ETag"]})
    assert (in_hand.status_code, in_hand.data) == (304, b"")
    assert client.get(PLACE + "levels.csv", headers={"Range": "bytes=99999999-"}).status_code == 416
    return whole.data


def test_a_part_is_one_request_of_that_part(ceph: CephServer, proxy: SpoilingProxy, tmp_path: Path) -> None:
    settings = {**describe_place(ceph.make_bucket(), ceph.make_bucket()), "s3_endpoint": proxy.endpoint}
    services = make_in_buckets(tmp_path / "instance", settings)
    publish(services)
    with lend_app(services) as app:
        client = app.test_client()
        client.get(PLACE + "levels.csv", headers={"Range": "bytes=0-0"})
        kept = sorted((tmp_path / "instance" / "cache").glob("??/*"))
        proxy.passed.clear()
        client.get(PLACE + "levels.csv", headers={"Range": "bytes=1000-20999"})
        assert [found for method, _, found in proxy.passed if method == "GET"] == ["bytes=1000-20999"]
        assert {method for method, _, _ in proxy.passed} == {"GET", "HEAD"}
        proxy.passed.clear()
        client.get(PLACE + "levels.csv", headers={"Range": "bytes=0-9,5000-5009"})
        assert [found for method, _, found in proxy.passed if method == "GET"] == ["bytes=0-9", "bytes=5000-5009"]
        assert sorted((tmp_path / "instance" / "cache").glob("??/*")) == kept
    services.database.dispose()


def test_readers_are_led_to_the_object_store_for_what_anybody_may_have(ceph: CephServer, tmp_path: Path) -> None:
    settings = {**describe_place(ceph.make_bucket(), ceph.make_bucket()), "downloads": "redirect"}
    services = make_in_buckets(tmp_path / "instance", settings)
    publish(services)
    with lend_app(services) as app:
        client = app.test_client()
        answer = client.get(PLACE + "levels.csv")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (307, "no-store")
        assert "ETag" not in answer.headers
        fetched = requests.get(answer.headers["Location"], timeout=30)
        assert (fetched.status_code, fetched.content.decode()) == (200, ROWS)
        assert fetched.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert fetched.headers["Content-Disposition"] == "attachment; filename=reservoirs-1.0.0-levels.csv"
        part = requests.get(answer.headers["Location"], headers={"Range": "bytes=5-9"}, timeout=30)
        assert (part.status_code, part.text) == (206, ROWS[5:10])
        other = answer.headers["Location"].replace("levels.csv", "other.csv")
        assert requests.get(other, timeout=30).status_code == 403
        head = client.head(PLACE + "levels.csv")
        assert (head.status_code, head.content_length) == (200, len(ROWS.encode()))
        tag = head.headers["ETag"]
        assert client.get(PLACE + "levels.csv", headers={"If-None-Match": tag}).status_code == 304
        assert client.get(PLACE + "levels.csv", headers={"If-Match": '"other"'}).status_code == 412
        own = client.get(PLACE + "levels.csv", headers={"If-Range": tag, "Range": "bytes=0-3"})
        assert (own.status_code, own.data) == (206, b"code")
        services.stops.suspend(services.accounts.get_actor("editor"), "reservoirs", "1.0.0", reason="有误")
        assert client.get(PLACE + "levels.csv").status_code == 410
    services.database.dispose()


def test_the_object_store_itself_serves_what_anybody_may_have_and_nothing_else(
    ceph: CephServer, tmp_path: Path
) -> None:
    public, private = ceph.make_bucket(), ceph.make_bucket()
    services = make_in_buckets(tmp_path / "instance", describe_place(public, private))
    publish(services)
    base = f"{public.endpoint}/{public.name}/portal"
    manifest = manifest_key("reservoirs", "1.0.0")
    assert requests.get(f"{base}/{manifest}", timeout=30).status_code == 403
    public.ask("policy", json.dumps(make_policy(public.name, "portal")).encode())
    found = requests.get(f"{base}/{manifest}", timeout=30)
    assert (found.status_code, found.content) == (200, open_both(services).public.get_record(manifest))
    blob = blob_key(hashlib.sha256(ROWS.encode()).hexdigest())
    assert requests.get(f"{base}/{blob}", timeout=30).text == ROWS
    assert requests.get(f"{public.endpoint}/{public.name}?list-type=2", timeout=30).status_code == 403
    assert requests.put(f"{base}/{manifest}", data=b"x", timeout=30).status_code == 403
    for name, _ in open_both(services).private.list_files():
        assert requests.get(f"{private.endpoint}/{private.name}/portal/{name}", timeout=30).status_code == 403
    services.database.dispose()


def make_policy(bucket: str, prefix: str) -> dict[str, Any]:
    """What the guide says to give the bucket of the public store."""
    guide = (CHECKOUT / "docs" / "run-an-instance.md").read_text(encoding="utf-8")
    text = guide.partition("<!-- policy -->")[2].partition("```json\n")[2].partition("```")[0]
    return dict(json.loads(text.replace("BUCKET", bucket).replace("PREFIX", prefix)))


def test_a_backup_of_buckets_is_restored_into_folders_and_into_buckets(ceph: CephServer, tmp_path: Path) -> None:
    settings = describe_place(ceph.make_bucket(), ceph.make_bucket())
    services = make_in_buckets(tmp_path / "instance", settings)
    publish(services)
    services.backups.write(tmp_path / "backup", with_keys=True)
    services.database.dispose()
    elsewhere = describe_place(ceph.make_bucket(), ceph.make_bucket())
    for name, place in (("folders", {}), ("buckets", elsewhere)):
        other = Settings(home=tmp_path / name, review="two-person", **place)
        restore_backup(tmp_path / "backup", other)
        restored = build_services(other)
        restored.withdrawals.place_all()
        with restored.versions.find_file("reservoirs", "1.0.0", "levels", "csv").open() as file:
            assert file.read().decode() == ROWS
        assert name_faults(restored) == []
        restored.database.dispose()


def test_an_instance_moves_from_folders_into_buckets_and_back(ceph: CephServer, tmp_path: Path) -> None:
    home = tmp_path / "instance"
    services = make_services(home, review="two-person")
    services.datasets.create(make_actor(services, "editor"), DATASET)
    publish(services)
    services.database.dispose()
    settings = describe_place(ceph.make_bucket(), ceph.make_bucket())
    environment = {"OPENDATA_HOME": str(home), "OPENDATA_DEBUG": "", "OPENDATA_REVIEW": "two-person"}
    reached = {key: value for key, value in write_environment(settings).items() if "STORE" not in key}

    def run(*words: str, **more: str) -> Any:
        ended = CliRunner(env={**environment, **reached, **more}).invoke(main, list(words), prog_name="opendata")
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.stdout)

    there = [run("store", "copy", str(home / name), settings[key], "--json") for name, key in PAIRS]
    assert [item["files"] > 0 for item in there] == [True, True]
    assert [run("store", "copy", str(home / name), settings[key], "--json")["files"] for name, key in PAIRS] == [0, 0]
    moved = write_environment(settings)
    assert run("fsck", "--json", **moved)["sound"] is True
    checked = run("store", "check", "--json", **moved)["stores"]
    assert [(item["usable"], item["conditional"]) for item in checked] == [(True, True)] * 2
    back = run("store", "copy", settings["store"], str(tmp_path / "back"), "--json")
    assert (back["files"], back["bytes"]) == (there[0]["files"], there[0]["bytes"])
    assert run("verify", settings["store"], "--remember", str(tmp_path / "seen"), "--json")["findings"] == []
    assert run("verify", str(tmp_path / "back"), "--remember", str(tmp_path / "seen"), "--json")["findings"] == []


PAIRS = (("store", "store"), ("private", "private_store"))


def test_the_command_serves_from_buckets_and_says_why_it_cannot(
    ceph: CephServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = describe_place(ceph.make_bucket(), ceph.make_bucket())
    services = make_in_buckets(tmp_path / "instance", settings)
    publish(services)
    services.database.dispose()
    for name, value in write_environment(settings).items():
        monkeypatch.setenv(name, value)
    with running(tmp_path / "instance", "serve", "--port", str(free_port())) as (_, address):
        for _ in range(4):
            assert fetch_status(f"{address}{PLACE}levels.csv") == 200
        assert fetch_status(f"{address}/readyz") == 200
    monkeypatch.setenv("OPENDATA_S3_SECRET", "wrong")
    ended = CliRunner(env={"OPENDATA_HOME": str(tmp_path / "instance")}).invoke(
        main, ["serve", "--port", str(free_port())]
    )
    assert ended.exit_code == 2
    assert "key, secret and policy" in ended.output
    ended = CliRunner(env={"OPENDATA_HOME": str(tmp_path / "instance")}).invoke(main, ["store", "check"])
    assert ended.exit_code == 1
    assert "key, secret and policy" in ended.output


def test_a_store_of_another_portal_is_not_copied_over(ceph: CephServer, tmp_path: Path) -> None:
    settings = describe_place(ceph.make_bucket(), ceph.make_bucket())
    opened = Settings(home=tmp_path / "instance", **settings)
    target = open_store(settings["store"], opened, lambda _: nullcontext(lambda: None))
    target.put_record("keys/1.json", b"another")
    other = make_services(tmp_path / "folders")
    other.datasets.create(make_actor(other, "editor"), DATASET)
    other.database.dispose()
    ended = CliRunner(env={"OPENDATA_HOME": str(tmp_path / "instance"), **write_environment(settings)}).invoke(
        main, ["store", "copy", str(tmp_path / "folders" / "store"), settings["store"]]
    )
    assert ended.exit_code == 2
    assert "another portal" in ended.output
    assert [name for name, _ in target.list_files()] == ["keys/1.json"]
