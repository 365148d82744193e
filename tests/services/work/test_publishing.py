"""From a file to a version and on to the next one, through the services alone, on both databases."""

from __future__ import annotations

import hashlib
import io
import json
import os
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from opendata.errors import (
    InvalidMetadataError,
    InvalidSchemaError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    PreconditionError,
    StateError,
    TooLargeError,
    UnsupportedFormatError,
)
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.local import LocalStore
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, locate, make_actor, make_services, publish, upload


@pytest.mark.both_databases(slow=True)
def test_a_valid_file_becomes_version_1_0_0_with_both_forms(services: Services, editor: Actor) -> None:
    view = publish(services, editor)
    assert (view.status, view.version) == ("published", "1.0.0")
    manifest = services.versions.get_manifest("reservoirs", "1.0.0").to_json()
    (resource,) = manifest["resources"]
    csv = services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")
    parquet = services.versions.find_file("reservoirs", "1.0.0", "levels", "parquet")
    assert locate(csv).read_text() == CSV
    for file in (csv, parquet):
        assert hashlib.sha256(locate(file).read_bytes()).hexdigest() == file.sha256
        assert locate(file).stat().st_size == file.size
    assert resource["hash"] == f"sha256:{csv.sha256}"
    assert resource["opendata"]["rows"] == 2
    assert manifest["opendata"]["previous"] is None
    rows = services.versions.read_rows("reservoirs", "1.0.0", "levels", 10)
    assert [row["level"] for row in rows] == [12.5, None]


def test_the_manifest_is_canonical_and_signed(services: Services, editor: Actor) -> None:
    import base64

    from opendata.storage.signing import Signer

    publish(services, editor)
    data = services.versions.read_manifest("reservoirs", "1.0.0")
    assert data == json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    key = Ed25519PublicKey.from_public_bytes(Signer(services.settings.key_folder).public_key())
    key.verify(base64.b64decode(services.versions.read_signature("reservoirs", "1.0.0")), data)


def test_a_version_is_chained_to_the_one_before(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    before = services.versions.read_manifest("reservoirs", "1.0.0")
    manifest = services.versions.get_manifest("reservoirs", "1.1.0").to_json()
    assert manifest["opendata"]["previous"] == f"sha256:{hashlib.sha256(before).hexdigest()}"


def test_the_number_tells_what_changed(services: Services, editor: Actor) -> None:
    publish(services, editor)
    assert publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n").version == "1.1.0"
    services.datasets.update(editor, "reservoirs", {"description": "水位"})
    view, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(view.id)
    services.drafts.submit(editor, view.id)
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).version == "1.1.1"
    wider = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "note", "type": "string"}]}
    text = "code,name,level,measured,note\nA001,东湖,12.50,2026-01-31,\n"
    assert publish(services, editor, text, schema=wider).version == "2.0.0"


def test_equal_bytes_make_no_new_version(services: Services, editor: Actor) -> None:
    publish(services, editor)
    view = publish(services, editor, "\ufeff" + CSV.replace("\n", "\r\n"))
    assert (view.status, view.version) == ("published", "1.0.0")
    assert [item.version for item in services.versions.list("reservoirs")] == ["1.0.0"]


def test_an_invalid_file_publishes_nothing_and_keeps_draft_file_and_report(services: Services, editor: Actor) -> None:
    view = upload(services, editor, CSV.replace("12.50", "-1"))
    assert view.status == "invalid"
    assert view.report is not None
    (error,) = view.report["tasks"][0]["errors"]
    assert (error["type"], error["rowNumber"], error["fieldName"]) == ("constraint-error", 2, "level")
    with pytest.raises(StateError):
        services.drafts.submit(editor, view.id)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")
    assert services.drafts.get(editor, view.id).resources[0].bytes == len(CSV.replace("12.50", "-1").encode())


def test_another_file_replaces_its_table_and_the_others_carry_over(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, "a\n1\n", name="other", schema=None)
    view = publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n", schema=None)
    manifest = services.versions.get_manifest("reservoirs", str(view.version)).to_json()
    assert [(item["name"], item["opendata"]["rows"]) for item in manifest["resources"]] == [("levels", 3), ("other", 1)]
    assert manifest["resources"][0]["schema"]["primaryKey"] == ["code"]


def test_a_table_without_schema_is_text_and_a_schema_is_proposed(services: Services, editor: Actor) -> None:
    view = upload(services, editor, schema=None)
    assert view.status == "valid"
    (resource,) = view.resources
    assert resource.proposed_schema is not None
    assert [item.type for item in resource.proposed_schema.fields] == ["string", "string", "number", "date"]
    services.drafts.change_resource(editor, view.id, "levels", {"schema": resource.proposed_schema.descriptor})
    services.work.run_to_end(view.id)
    again = services.drafts.get(editor, view.id)
    assert again.status == "valid"
    assert again.resources[0].schema is not None


def test_a_dropped_table_makes_the_next_version_major(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, "a\n1\n", name="other", schema=None)
    view, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(view.id)
    services.drafts.drop_resource(editor, view.id, "other")
    services.work.run_to_end(view.id)
    services.drafts.submit(editor, view.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).version == "2.0.0"
    assert services.versions.get("reservoirs", "2.0.0").reasons[0]["text"]["en"] == "other: resource removed"


def test_keys_between_tables_are_checked_with_carried_ones_too(services: Services, editor: Actor) -> None:
    publish(services, editor)
    key = {"fields": ["code"], "reference": {"resource": "levels", "fields": ["code"]}}
    schema = {"fields": [{"name": "code", "type": "string"}], "foreignKeys": [key]}
    bad = upload(services, editor, "code\nA001\nA009\n", name="alarms", schema=schema)
    assert bad.status == "invalid"
    assert bad.report is not None
    (error,) = bad.report["tasks"][0]["errors"]
    assert (error["type"], error["rowNumber"]) == ("foreign-key", 3)
    assert publish(services, editor, "code\nA001\n", name="alarms", schema=schema).version == "1.1.0"
    # Now the table referred to loses the row: the carried table is what breaks.
    shorter = upload(services, editor, "code,name,level,measured\nA002,西湖,,2026-02-01\n", schema=None)
    assert shorter.status == "invalid"
    assert shorter.report is not None
    assert [task["name"] for task in shorter.report["tasks"] if not task["valid"]] == ["alarms"]


def test_keys_into_a_published_version_are_checked_and_published_as_ours(services: Services, editor: Actor) -> None:
    publish(services, editor, "code\nA001\n", name="codes", schema=None)
    reference = {"package": "reservoirs@1.0.0", "resource": "codes", "fields": ["code"]}
    key = {"fields": ["code"], "reference": reference}
    schema = {"fields": [{"name": "code", "type": "string"}], "foreignKeys": [key]}
    bad = upload(services, editor, "code\nA001\nA009\n", name="alarms", schema=schema)
    assert bad.report is not None
    (error,) = bad.report["tasks"][0]["errors"]
    assert (error["type"], error["rowNumber"]) == ("foreign-key", 3)
    assert error["referenceName"] == "reservoirs@1.0.0/codes"
    services.drafts.discard(editor, bad.id)
    assert publish(services, editor, "code\nA001\n", name="alarms", schema=schema).version == "1.1.0"
    published = services.versions.get_table("reservoirs", "1.1.0", "alarms").schema.descriptor
    assert "foreignKeys" not in published
    assert published["opendata"]["foreignKeys"] == [key]
    # Sent again under the published schema, the key still holds.
    again = upload(services, editor, "code\nA002\n", name="alarms", schema=published)
    assert again.status == "invalid"
    lost = {**schema, "foreignKeys": [{**key, "reference": {**reference, "package": "reservoirs@9.0.0"}}]}
    unknown = upload(services, editor, "code\nA001\n", name="alarms", schema=lost)
    assert unknown.report is not None
    assert unknown.report["tasks"][0]["errors"][0]["type"] == "resource-error"


@pytest.mark.both_databases
def test_two_drafts_at_once_are_published_one_after_the_other(services: Services, editor: Actor) -> None:
    first = upload(services, editor, "a\n1\n", name="one", schema=None)
    second = upload(services, editor, "a\n1\n", name="two", schema=None)
    for view in (first, second):
        services.drafts.submit(editor, view.id)
    for view in (first, second):
        services.work.run_to_end(view.id)
    assert services.drafts.get(editor, second.id).version == "1.1.0"
    manifest = services.versions.get_manifest("reservoirs", "1.1.0").to_json()
    assert [item["name"] for item in manifest["resources"]] == ["one", "two"]


def test_with_two_person_review_another_one_approves(tmp_path, database_url: str) -> None:
    services = make_services(tmp_path / "reviewed", database_url=database_url, review="two-person")
    editor, other = make_actor(services, "editor"), make_actor(services, "maintainer", "maintainer")
    services.datasets.create(editor, DATASET)
    view = upload(services, editor)
    with pytest.raises(StateError):
        services.drafts.approve(other, view.id)
    services.drafts.submit(editor, view.id, Submission(breaking="the reason of a test"))
    with pytest.raises(NotPermittedError):
        services.drafts.approve(editor, view.id)
    with pytest.raises(StateError):
        services.drafts.publish(editor, view.id)
    services.drafts.return_(other, view.id, "请补充说明")
    assert services.drafts.get(editor, view.id).comment == "请补充说明"
    services.drafts.submit(editor, view.id, Submission(breaking="the reason of a test"))
    services.drafts.approve(other, view.id)
    services.drafts.publish(editor, view.id)
    services.work.run_to_end(view.id)
    assert services.drafts.get(editor, view.id).version == "1.0.0"
    services.database.dispose()


def test_an_approved_draft_whose_base_is_gone_returns_to_its_author(tmp_path, database_url: str) -> None:
    services = make_services(tmp_path / "reviewed", database_url=database_url, review="two-person")
    editor, other = make_actor(services, "editor"), make_actor(services, "maintainer", "maintainer")
    services.datasets.create(editor, DATASET)
    views = [upload(services, editor, "a\n1\n", name=name, schema=None) for name in ("one", "two")]
    for view in views:
        services.drafts.submit(editor, view.id)
        services.drafts.approve(other, view.id)
    for view in views:
        services.drafts.publish(editor, view.id)
        services.work.run_to_end(view.id)
    assert [services.drafts.get(editor, view.id).status for view in views] == ["published", "returned"]
    services.database.dispose()


def test_a_draft_that_breaks_the_version_published_meanwhile_returns_to_its_author(
    services: Services, editor: Actor
) -> None:
    one, two = ({"fields": [{"name": name, "type": "string"} for name in names]} for names in ("a", "ab"))
    publish(services, editor, "a\n1\n", schema=one)
    overtaken = upload(services, editor, "a\n1\n2\n", schema=one)
    services.drafts.submit(editor, overtaken.id)  # rows alone
    assert publish(services, editor, "a,b\n1,2\n", schema=two).version == "2.0.0"
    services.work.run_to_end(overtaken.id)  # would take a column away again, which nobody announced
    found = services.drafts.get(editor, overtaken.id)
    assert (found.status, found.version) == ("returned", None)
    assert "2.0.0" in found.comment
    assert services.datasets.get("reservoirs").latest == "2.0.0"


def test_strangers_and_other_publishers_get_nothing(services: Services, editor: Actor) -> None:
    services.publishers.create(make_actor(services, "maintainer", "maintainer"), {"id": "roads", "title": "交通局"})
    stranger = make_actor(services, "stranger", publisher="roads")
    view = upload(services, editor)
    with pytest.raises(NotPermittedError):
        services.drafts.get(stranger, view.id)
    with pytest.raises(NotPermittedError):
        upload(services, stranger)
    with pytest.raises(NotSignedInError):
        services.drafts.submit(None, view.id)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs", stranger)
    assert services.datasets.list(stranger).items == []


@pytest.mark.parametrize(
    ("data", "schema", "error"),
    [
        (b"\xff\xd8\xff\xe0 a picture", None, UnsupportedFormatError),
        (b"%PDF-1.7 a report", None, UnsupportedFormatError),
        (b"a\n1\n", {"fields": [{"name": "a", "constraints": {"pattern": "(?=x)"}}]}, InvalidSchemaError),
        (b"a\n1\n", {"fields": [{"$ref": "http://127.0.0.1/a", "name": "a"}]}, InvalidSchemaError),
        (b"a\n1\n", "no-such-schema", InvalidMetadataError),
        (b"a\n" + b"1\n" * 600_000, None, TooLargeError),
    ],
)
def test_what_is_no_table_or_has_no_sound_schema_is_refused_at_once(tmp_path, data, schema, error) -> None:
    services = make_services(tmp_path / "small", max_upload_bytes=1_000_000)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    with pytest.raises(error):
        upload(services, editor, data, schema=schema)
    assert services.drafts.list(editor).items == []


@pytest.mark.parametrize(
    ("data", "kind", "row"),
    [
        (b"", "source-error", None),
        (b"a,b\n1,x\x00y\n", "nul-byte", 2),
        (b'a,b\n1,2\n3,"open\n4,5\n', "unclosed-quote", 3),
        ("编号,水库名称\n1,东湖水库所在地区\n".encode() + b"2,\xff\n", "encoding-error", 3),
        (b"PK\x03\x04 an archive", "source-error", None),
        (b"a,a\n1,2\n", "duplicate-label", None),
        (b"a,b\n1,2,3\n", "extra-cell", 2),
    ],
)
def test_what_is_wrong_inside_a_table_ends_as_an_invalid_draft(services, editor, data, kind, row) -> None:
    view = upload(services, editor, data, schema=None)
    assert view.status == "invalid"
    assert view.report is not None
    error = view.report["tasks"][0]["errors"][0]
    assert error["type"] == kind
    assert row is None or error["rowNumber"] == row


@pytest.mark.slow
def test_a_header_without_rows_and_two_thousand_columns_are_tables(services: Services, editor: Actor) -> None:
    assert upload(services, editor, "a,b\n", schema=None).status == "valid"
    wide = ",".join(f"c{n}" for n in range(2000)) + "\n" + ",".join("1" * 2000) + "\n"
    assert publish(services, editor, wide, name="wide", schema=None).status == "published"


@pytest.mark.both_databases
def test_a_stale_revision_is_refused(services: Services, editor: Actor) -> None:
    view = services.datasets.get("reservoirs", editor)
    services.datasets.update(editor, "reservoirs", {"title": "新水库"}, revision=view.revision)
    with pytest.raises(PreconditionError):
        services.datasets.update(editor, "reservoirs", {"title": "旧水库"}, revision=view.revision)


def test_resident_numbers_are_found_and_told_without_their_values(services: Services, editor: Actor) -> None:
    body = "11010519491231002"  # the specimen number printed in GB 11643-1999
    view = upload(services, editor, f"who\n{body}X\n{body}1\n", schema=None)
    assert [(item["resource"], item["field"], item["kind"], item["count"]) for item in view.privacy] == [
        ("levels", "who", "resident-id", 1)
    ]
    assert body not in json.dumps(list(view.privacy))


def test_files_and_options_that_do_not_fit_are_named(services: Services, editor: Actor) -> None:
    files = [UploadedFile("a.csv", io.BytesIO(b"a\n1\n")), UploadedFile("b.csv", io.BytesIO(b"a\n1\n"))]
    options = [ResourceOption(file="c.csv"), ResourceOption(file="b.csv", name="a")]
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.create(editor, "reservoirs", files, options)
    assert [item.pointer for item in caught.value.faults] == ["/resources/0/file", "/resources/1/name"]


def test_the_time_of_a_version_is_when_publication_was_asked_for(services: Services, editor: Actor) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    publish(services, editor)
    created = services.versions.get_manifest("reservoirs", "1.0.0").created
    assert before <= created <= datetime.now(UTC)


@pytest.mark.parametrize("change", ["written over", "longer", "old"])
def test_a_file_that_was_altered_after_the_check_is_not_published(
    services: Services, editor: Actor, change: str
) -> None:
    view = upload(services, editor)
    name = hashlib.sha256(CSV.encode()).hexdigest()
    private = LocalStore(services.settings.private_folder)
    with private.local_copy(name) as path:
        path.chmod(0o644)
        data = path.read_bytes()
        path.write_bytes(data[:-1] + b"!" + b"!" * (change == "longer"))
        if change != "written over":
            path.chmod(0o444)
        if change == "old":  # the bytes of a file that has been there for long are looked at again
            then = path.stat().st_mtime - 3 * 24 * 3600
            os.utime(path, (then, then))
    services.drafts.submit(editor, view.id)
    services.work.run(view.id)
    assert services.drafts.get(editor, view.id).status == "failed"
    assert not LocalStore(services.settings.public_folder).has_blob(name)
