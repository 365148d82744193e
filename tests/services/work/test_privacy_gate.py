"""The privacy gate: nothing personal is published that nobody decided about, and decisions are what is published."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from opendata.db.models import Draft
from opendata.errors import InvalidMetadataError, NotPermittedError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.privacy import treating
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, upload
from tests.privacy.numbers import complete_resident_id

ROLL = "姓名,id,phone,town,amount\n" + "".join(
    f"{name},{number},{phone},{town},{amount}.50\n"
    for name, number, phone, town, amount in (
        ("王建国", "110101199003070134", "13812345601", "甲镇", 100),
        ("李秀英", "110101198503070255", "13812345602", "甲镇", 200),
        ("张志强", "110101197903070371", "13812345603", "乙镇", 300),
        ("刘桂兰", "110101199203070417", "13812345604", "乙镇", 400),
        ("陈小平", "110101196503070537", "13812345605", "乙镇", 500),
        ("杨丽娟", "110101195503070652", "13812345606", "丙镇", 600),
    )
)
DECISIONS = {
    "columns": [
        {"field": "姓名", "treatment": "mask", "kind": "personal-name"},
        {"field": "id", "treatment": "pseudonymise", "kind": "resident-id"},
        {"field": "phone", "treatment": "drop", "kind": "mobile-number"},
    ]
}
SECRETS = ("王建国", "110101199003070134", "13812345601")


def fix_numbers(text: str) -> str:
    """Give each made-up identity number of the roll the check character that its digits demand."""
    lines = []
    for line in text.splitlines():
        cells = line.split(",")
        if cells[1].isdigit():
            cells[1] = complete_resident_id(cells[1][:17])
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


ROLL = fix_numbers(ROLL)


def begin(services: Services, actor: Actor, text: str = ROLL, schema: Any = None, **options: Any) -> DraftView:
    return upload(services, actor, text, name="roll", schema=schema, **options)


def decide(services: Services, actor: Actor, draft: str, decisions: dict[str, Any] = DECISIONS) -> DraftView:
    services.drafts.change_resource(actor, draft, "roll", {"decisions": decisions})
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def publish(services: Services, actor: Actor, draft: str) -> DraftView:
    services.drafts.submit(actor, draft)
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def read(services: Services, version: str = "1.0.0", dataset: str = "reservoirs") -> str:
    with services.versions.find_file(dataset, version, "roll", "csv").open() as file:
        return file.read().decode()


def test_a_draft_with_undecided_personal_data_is_not_submitted(services: Services, editor: Actor) -> None:
    draft = begin(services, editor)
    assert draft.status == "valid"
    assert {item["field"] for item in draft.undecided} == {"姓名", "id", "phone"}
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, draft.id)
    assert {item.pointer for item in caught.value.faults} == {"/resources/roll/decisions"}
    assert all(word in caught.value.faults[0].text for word in ("姓名", "roll"))
    with pytest.raises(InvalidMetadataError):
        services.drafts.publish_directly(SYSTEM, draft.id)


def test_decisions_are_what_is_published_and_what_the_manifest_says(services: Services, editor: Actor) -> None:
    draft = decide(services, editor, begin(services, editor).id)
    assert (draft.status, draft.undecided) == ("valid", ())
    assert publish(services, editor, draft.id).version == "1.0.0"
    text = read(services)
    assert text.splitlines()[0] == "姓名,id,town,amount"
    assert "甲镇,100.50" in text  # what stays keeps its last digit
    assert not any(secret in text for secret in SECRETS)
    table = services.versions.get_table("reservoirs", "1.0.0", "roll")
    assert [(item["field"], item["treatment"], item["count"]) for item in table.privacy["columns"]] == [  # type: ignore[index]
        ("姓名", "mask", 6),
        ("id", "pseudonymise", 6),
        ("phone", "drop", 6),
    ]
    with services.versions.find_file("reservoirs", "1.0.0", "roll", "parquet").local_copy() as path:
        rows = pq.read_table(path)
    assert rows.column_names == ["姓名", "id", "town", "amount"]
    assert len(set(rows["id"].to_pylist())) == 6
    manifest = services.versions.read_manifest("reservoirs", "1.0.0").decode()
    assert not any(secret in manifest for secret in SECRETS)


def test_no_file_of_the_public_store_has_what_was_hidden(services: Services, editor: Actor) -> None:
    draft = decide(services, editor, begin(services, editor).id)
    publish(services, editor, draft.id)
    for path in services.settings.public_folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(secret.encode() in data for secret in SECRETS), path


def test_decisions_are_replayed_on_the_next_file_and_new_columns_are_asked(services: Services, editor: Actor) -> None:
    publish(services, editor, decide(services, editor, begin(services, editor).id).id)
    again = begin(services, editor, ROLL.replace(",100.50", ",150.50"))
    assert again.undecided == ()
    assert publish(services, editor, again.id).status == "published"
    first, second = read(services), read(services, str(services.datasets.get("reservoirs").latest))
    assert [line.split(",")[1] for line in first.splitlines()] == [line.split(",")[1] for line in second.splitlines()]
    more = "\n".join(
        f"{line},{'mail' if number == 0 else f'person{number}@example.com'}"
        for number, line in enumerate(ROLL.splitlines())
    )
    fields = [{"name": name, "type": "string"} for name in more.splitlines()[0].split(",")]
    asked = begin(services, editor, more + "\n", {"fields": fields})
    assert {item["field"] for item in asked.undecided} == {"mail"}


@pytest.mark.parametrize(
    ("decision", "is_direct"),
    [
        ({"treatment": "not-personal", "reason": "official-contact"}, False),
        ({"treatment": "not-personal", "reason": "official-contact"}, True),
        ({"treatment": "mask", "kind": "email"}, False),
    ],
)
def test_what_a_decided_column_did_not_have_before_is_asked(
    services: Services, editor: Actor, decision: dict[str, str], is_direct: bool
) -> None:
    header, *lines = "town,remark\n甲镇,13812345601\n乙镇,13812345602\n丙镇,13812345603\n".splitlines()
    said = {"columns": [{"field": "remark", **decision}]}
    draft = decide(services, editor, begin(services, editor, "\n".join([header, *lines])).id, said).id
    if is_direct:
        services.drafts.publish_directly(SYSTEM, draft)
        services.work.run_to_end(draft)
    else:
        publish(services, editor, draft)
    again = begin(services, editor, "\n".join([header, *lines, "丁镇,13812345604"]))
    assert again.undecided == ()
    services.drafts.discard(editor, again.id)
    numbers = [f"{line.split(',')[3]},{line.split(',')[1]}" for line in ROLL.splitlines()[1:]]
    other = begin(services, editor, "\n".join([header, *lines, *numbers]))
    assert {(item["field"], item["kind"]) for item in other.undecided} == {("remark", "resident-id")}
    assert decide(services, editor, other.id, said).undecided == ()


def test_the_profile_of_a_column_that_looks_personal_has_no_values(services: Services, editor: Actor) -> None:
    said = {
        "columns": [{"field": name, "treatment": "not-personal", "reason": "code"} for name in ("姓名", "id", "phone")]
    }
    publish(services, editor, decide(services, editor, begin(services, editor).id, said).id)
    profile = json.dumps(services.versions.get_profile("reservoirs", "1.0.0", "roll"), ensure_ascii=False)
    assert "甲镇" in profile
    assert not any(secret in profile for secret in [*SECRETS, ROLL.split(",")[5]])


def test_pseudonyms_differ_between_datasets(services: Services, editor: Actor) -> None:
    publish(services, editor, decide(services, editor, begin(services, editor).id).id)
    services.datasets.create(editor, {**DATASET, "id": "other"})
    draft = decide(services, editor, begin(services, editor, dataset="other").id)
    publish(services, editor, draft.id)
    first, second = (
        {line.split(",")[1] for line in read(services, dataset=name).splitlines()[1:]}
        for name in ("reservoirs", "other")
    )
    assert not first & second


def test_a_lost_secret_is_not_replaced_while_there_are_pseudonyms(services: Services, editor: Actor) -> None:
    secret = services.settings.key_folder / "pseudonyms.secret"
    masked = {"columns": [{"field": name, "treatment": "drop"} for name in ("姓名", "id", "phone")]}
    decide(services, editor, begin(services, editor).id, masked)
    assert not secret.exists()  # nothing needed one
    publish(services, editor, decide(services, editor, begin(services, editor).id).id)
    kept = secret.read_bytes()
    secret.unlink()
    services.datasets.create(editor, {**DATASET, "id": "other"})
    draft = begin(services, editor, dataset="other")
    services.drafts.change_resource(editor, draft.id, "roll", {"decisions": DECISIONS})
    services.work.run(draft.id)
    failed = services.drafts.get(editor, draft.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["type"] == "StateError"
    assert "%(file)s" in failed.error["message"]
    assert not secret.exists()
    secret.write_bytes(kept)
    services.drafts.retry(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "valid"


def test_decisions_can_be_changed_and_taken_back(services: Services, editor: Actor) -> None:
    draft = decide(services, editor, begin(services, editor).id)
    other = decide(services, editor, draft.id, {"columns": DECISIONS["columns"][:2]})
    assert {item["field"] for item in other.undecided} == {"phone"}
    services.drafts.change_resource(editor, draft.id, "roll", {"decisions": None})
    services.work.run_to_end(draft.id)
    assert len(services.drafts.get(editor, draft.id).undecided) == 3


@pytest.mark.parametrize(
    ("column", "pointer"),
    [
        ({"field": "nothing", "treatment": "drop"}, "/columns/0/field"),
        ({"field": "id", "treatment": "burn"}, "/columns/0/treatment"),
        ({"field": "id", "treatment": "publish", "ground": "mandatory-disclosure"}, "/columns/0/article"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(
    services: Services, editor: Actor, column: dict[str, str], pointer: str
) -> None:
    draft = begin(services, editor)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.change_resource(editor, draft.id, "roll", {"decisions": {"columns": [column]}})
    assert pointer in [item.pointer for item in caught.value.faults]


def test_a_ground_of_law_needs_another_person(services: Services, editor: Actor, tmp_path: Path) -> None:
    ground = {"treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"}
    decisions = {"columns": [{"field": "姓名", "kind": "personal-name", **ground}, *DECISIONS["columns"][1:]]}
    draft = decide(services, editor, begin(services, editor).id, decisions)
    with pytest.raises(InvalidMetadataError, match="another person"):
        services.drafts.submit(editor, draft.id)
    office = make_services(tmp_path / "office", review="two-person")
    clerk, boss = make_actor(office, "clerk"), make_actor(office, "boss", role="maintainer")
    office.datasets.create(clerk, DATASET)
    reviewed = decide(office, clerk, begin(office, clerk).id, decisions)
    office.drafts.submit(clerk, reviewed.id)
    office.drafts.approve(boss, reviewed.id)
    office.drafts.publish(boss, reviewed.id)
    office.work.run_to_end(reviewed.id)
    assert "王建国" in read(office)
    record = office.versions.get_table("reservoirs", "1.0.0", "roll").privacy or {}
    assert (record["columns"][0]["ground"], record["columns"][0]["article"]) == (ground["ground"], ground["article"])
    approval = json.loads(office.versions.read_manifest("reservoirs", "1.0.0"))["opendata"]["approval"]
    assert "privacy" in {item["check"] for item in approval["checks"]}


def test_a_decision_after_submission_ends_what_was_signed(tmp_path: Path) -> None:
    office = make_services(tmp_path / "office", review="two-person")
    clerk, boss = make_actor(office, "clerk"), make_actor(office, "boss", role="maintainer")
    office.datasets.create(clerk, DATASET)
    draft = decide(office, clerk, begin(office, clerk).id)
    digest = office.drafts.submit(clerk, draft.id).digest
    office.drafts.return_(boss, draft.id, "电话也要去掉")
    changed = decide(
        office, clerk, draft.id, {"columns": [*DECISIONS["columns"], {"field": "town", "treatment": "drop"}]}
    )
    assert office.drafts.submit(clerk, changed.id).digest != digest


def test_quasi_identifiers_that_single_out_rows_block(services: Services, editor: Actor) -> None:
    draft = decide(services, editor, begin(services, editor).id, {**DECISIONS, "quasi": ["town", "amount"]})
    assert draft.tables[0].risk["level"] == "block"  # type: ignore[index]
    with pytest.raises(InvalidMetadataError, match="single out"):
        services.drafts.submit(editor, draft.id)


def test_the_risk_says_how_many_sensitive_values_each_group_has(services: Services, editor: Actor) -> None:
    rows = "".join(f"{'甲镇' if n < 20 else '乙镇'},{'肺炎' if n < 30 else '骨折'}\n" for n in range(40))
    draft = begin(services, editor, "town,病名\n" + rows)
    (table,) = decide(services, editor, draft.id, {"columns": [], "quasi": ["town"]}).tables
    assert (table.risk["k"], table.risk["diversity"]) == (20, {"病名": 1})  # type: ignore[index]


def test_a_table_of_counts_stands_in_for_rows_about_persons(services: Services, editor: Actor) -> None:
    rows = "".join(
        f"王{chr(0x5EFA + n)}{chr(0x56FD + n)},13812{n:06},{'甲镇' if n < 12 else '乙镇' if n < 22 else '丙镇'}\n"
        for n in range(24)
    )
    draft = begin(services, editor, "name,phone,town\n" + rows)
    assert draft.undecided
    counted = decide(services, editor, draft.id, {"columns": [], "aggregate": {"by": ["town"], "threshold": 5}})
    assert counted.undecided == ()
    publish(services, editor, draft.id)
    lines = read(services).splitlines()
    assert lines[0] == "town,count"
    assert "138" not in "".join(lines)
    assert ",2" not in "".join(line[-2:] for line in lines if line.startswith("丙镇"))


NUMBERS = {"fields": [{"name": name, "type": "string"} for name in ("姓名", "id", "phone", "town", "amount")]}
NUMBERS["fields"][2]["type"] = "integer"


def test_ranges_that_still_tell_the_numbers_are_asked_again(services: Services, editor: Actor) -> None:
    column = {"field": "phone", "treatment": "generalise", "to": "range", "width": 1}
    said = {"columns": [column, *DECISIONS["columns"][:2]]}
    draft = decide(services, editor, begin(services, editor, schema=NUMBERS).id, said)
    assert {item["field"] for item in draft.undecided} == {"phone"}


def test_a_column_with_personal_data_is_not_added_up_undecided(services: Services, editor: Actor) -> None:
    draft = begin(services, editor, schema=NUMBERS)
    said = {"columns": [], "aggregate": {"by": ["town"], "sum": ["phone"]}}
    assert {item["field"] for item in decide(services, editor, draft.id, said).undecided} == {"phone"}


def test_an_import_with_undecided_personal_data_publishes_nothing(services: Services, tmp_path: Path) -> None:
    (tmp_path / "roll.csv").write_text(ROLL)
    package = {"name": "roll", "title": "名册", "resources": [{"name": "roll", "path": "roll.csv"}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    refused = services.imports.import_package(SYSTEM, str(tmp_path))
    assert (refused.refused, refused.version) == (True, None)
    assert all(name in refused.resources[0].messages[0] for name in ("姓名", "id", "phone"))
    with pytest.raises(InvalidMetadataError):
        services.imports.import_package(SYSTEM, str(tmp_path), privacy={"other": DECISIONS})
    wrong = {"columns": [{"field": "nothing", "treatment": "drop"}]}
    with pytest.raises(InvalidMetadataError):
        services.imports.import_package(SYSTEM, str(tmp_path), privacy={"roll": wrong})
    done = services.imports.import_package(SYSTEM, str(tmp_path), privacy={"roll": DECISIONS})
    assert (done.refused, done.version) == (False, "1.0.0")
    assert not any(secret in read(services, dataset="roll") for secret in SECRETS)
    again = services.imports.import_package(SYSTEM, str(tmp_path))
    assert (again.refused, again.created) == (False, False)  # what was decided is replayed


def test_an_import_that_is_refused_changes_nothing(services: Services, tmp_path: Path) -> None:
    (tmp_path / "roll.csv").write_text(ROLL)
    package = {"name": "roll", "title": "名册", "resources": [{"name": "roll", "path": "roll.csv"}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    services.imports.import_package(SYSTEM, str(tmp_path), privacy={"roll": DECISIONS})
    (tmp_path / "datapackage.json").write_text(json.dumps({**package, "title": "其他名册"}))
    ground = {"treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"}
    unsigned = {"columns": [{"field": "姓名", "kind": "personal-name", **ground}, *DECISIONS["columns"][1:]]}
    singled = {**DECISIONS, "quasi": ["town", "amount"]}
    for decisions, said in ((unsigned, "another person"), (singled, "single out")):
        with pytest.raises(InvalidMetadataError, match=said):
            services.imports.import_package(SYSTEM, str(tmp_path), privacy={"roll": decisions})
        dataset = services.datasets.get("roll")
        assert (dataset.latest, dataset.title) == ("1.0.0", "名册")


def test_a_landline_of_an_office_asks_nothing_but_one_of_a_person_does(services: Services, editor: Actor) -> None:
    offices = "office,phone\n" + "".join(f"第{n}服务中心,0512-6522{n:04}\n" for n in range(30))
    assert begin(services, editor, offices).undecided == ()
    persons = "name,phone\n" + "".join(
        f"{name}{other},0512-6522{n:04}\n"
        for n, (name, other) in enumerate(zip("王李张刘陈杨赵黄周吴" * 3, "建秀志桂小丽永国海" * 4, strict=False))
    )
    draft = begin(services, editor, persons.replace("\n王建,", "\n王建国,"))
    assert "phone" in {item["field"] for item in draft.undecided}


def test_a_file_sent_with_decisions_needs_no_second_step(services: Services, editor: Actor) -> None:
    option = ResourceOption(file="roll.csv", name="roll", decisions=DECISIONS)
    sent = [UploadedFile("roll.csv", io.BytesIO(ROLL.encode()))]
    draft, _ = services.drafts.create(editor, "reservoirs", sent, [option])
    services.work.run_to_end(draft.id)
    assert publish(services, editor, draft.id).version == "1.0.0"
    assert not any(secret in read(services) for secret in SECRETS)


def test_counting_by_a_column_with_personal_data_is_refused(services: Services, editor: Actor) -> None:
    draft = begin(services, editor).id
    said = {"columns": [{"field": "phone", "treatment": "aggregate"}], "aggregate": {"by": ["phone", "town"]}}
    with pytest.raises(InvalidMetadataError) as caught:
        decide(services, editor, draft, said)
    assert [item.pointer for item in caught.value.faults] == ["/columns/0/treatment"]


@pytest.mark.parametrize("treatment", ["drop", "mask"])
def test_lists_of_values_of_a_treated_column_are_not_in_the_manifest(
    services: Services, editor: Actor, treatment: str
) -> None:
    lines = [line.split(",") for line in ROLL.splitlines()[1:]]
    columns = ("姓名", "id", "phone")
    fields: list[dict[str, Any]] = [
        {"name": name, "type": "string", "constraints": {"enum": [line[place] for line in lines]}}
        for place, name in enumerate(columns)
    ]
    fields += [{"name": "town", "type": "string"}, {"name": "amount", "type": "number"}]
    draft = begin(services, editor, schema={"fields": fields})
    kinds = ("personal-name", "resident-id", "mobile-number")
    said = [{"field": name, "treatment": treatment, "kind": kind} for name, kind in zip(columns, kinds, strict=True)]
    publish(services, editor, decide(services, editor, draft.id, {"columns": said}).id)
    manifest = services.versions.read_manifest("reservoirs", "1.0.0").decode()
    assert not any(line[place] in manifest for line in lines for place in range(3))
    again = begin(services, editor, ROLL.replace(",100.50", ",150.50"))
    assert publish(services, editor, again.id).status == "published"


@pytest.mark.parametrize(
    "column",
    [
        {"field": "姓名", "treatment": "mask", "within": True},
        {"field": "phone", "treatment": "mask", "kind": "email"},
        {"field": "phone", "treatment": "mask", "within": True},
    ],
)
def test_what_a_treatment_leaves_is_asked_again(services: Services, editor: Actor, column: dict[str, Any]) -> None:
    others = [item for item in DECISIONS["columns"] if item["field"] != column["field"]]
    draft = decide(services, editor, begin(services, editor).id, {"columns": [column, *others]})
    with services.database.unit() as session:
        blob = str(session.get_one(Draft, draft.id).resources[0].csv)
    (text,) = services.settings.private_folder.rglob(blob)
    is_hidden = not any(secret in text.read_text() for secret in (SECRETS[0], SECRETS[2]))
    assert {item["field"] for item in draft.undecided} == (set() if is_hidden else {column["field"]})


def test_personal_data_in_the_names_and_rules_of_columns_need_a_reason(services: Services, editor: Actor) -> None:
    number = ROLL.splitlines()[1].split(",")[1]
    rows = "".join(f"{place},{count},{count}\n" for count, place in enumerate("甲乙丙丁戊"))
    draft = begin(services, editor, f"村,王建国 13812345601,李秀英 {number}\n{rows}")
    assert {item["kind"] for item in draft.text_findings} == {"mobile-number", "resident-id"}
    fields = [{"name": "村", "type": "string", "constraints": {"enum": ["甲", "13812345601"]}}]
    draft = begin(services, editor, "村\n甲\n", {"fields": fields, "title": f"负责人 {number}"})
    assert {(item["property"], item["kind"]) for item in draft.text_findings} == {
        ("rules", "mobile-number"),
        ("title", "resident-id"),
    }


ODD: list[dict[str, Any]] = [
    *({"columns": item} for item in ([1], 5, {"a": 1}, None, [{"treatment": "drop"}])),
    {"columns": [{"field": {"a": 1}, "treatment": "drop"}]},
    *({"aggregate": item} for item in (5, {"by": 5}, {"by": [[1]]}, {"by": ["town"], "sum": 5})),
    *({"quasi": item} for item in (None, 5, [[]], ["nothing"])),
]


def test_odd_decisions_are_refused_and_kept_nowhere(services: Services, editor: Actor) -> None:
    draft = begin(services, editor)
    for document in ODD:
        with pytest.raises(InvalidMetadataError):
            services.drafts.change_resource(editor, draft.id, "roll", {"decisions": document})
        if document.get("quasi") != ["nothing"]:
            with pytest.raises(InvalidMetadataError):
                begin(services, editor, decisions=document)
    assert len(begin(services, editor).undecided) == 3


def test_who_decided_does_not_approve_a_draft_that_their_decisions_are_replayed_on(tmp_path: Path) -> None:
    office = make_services(tmp_path / "office", review="two-person")
    first, second = make_actor(office, "first"), make_actor(office, "second")
    boss = make_actor(office, "boss", role="maintainer")
    office.datasets.create(first, DATASET)
    ground = {"treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"}
    decisions = {"columns": [{"field": "姓名", "kind": "personal-name", **ground}, *DECISIONS["columns"][1:]]}
    office.drafts.discard(first, decide(office, first, begin(office, first).id, decisions).id)
    again = begin(office, second)
    assert again.undecided == ()
    assert again.tables[0].decisions == decisions
    assert list(again.contributors) == ["first", "second"]
    office.drafts.submit(second, again.id)
    with pytest.raises(NotPermittedError):
        office.drafts.approve(first, again.id)
    assert office.drafts.approve(boss, again.id).status == "approved"


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_sender_does_not_say_who_decided(services: Services, editor: Actor, is_sent: bool) -> None:
    said = {**DECISIONS, "by": "somebody", "restored": True, "seen": 5}
    if is_sent:
        draft = begin(services, editor, decisions=said)
    else:
        draft = decide(services, editor, begin(services, editor).id, said)
    services.drafts.discard(editor, draft.id)
    assert list(begin(services, editor).contributors) == ["editor"]


def restore(services: Services, actor: Actor, version: str) -> DraftView:
    draft = services.restoring.restore(actor, "reservoirs", version).id
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def test_a_restored_version_is_not_treated_again(services: Services, editor: Actor) -> None:
    publish(services, editor, decide(services, editor, begin(services, editor).id).id)
    publish(services, editor, begin(services, editor, ROLL.replace(",100.50", ",150.50")).id)
    restored = restore(services, editor, "1.0.0")
    assert restored.undecided == ()
    services.drafts.submit(editor, restored.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(restored.id)
    number = str(services.drafts.get(editor, restored.id).version)
    assert read(services, number) == read(services)
    waiting = restore(services, editor, "1.0.0")
    decide(services, editor, waiting.id, {"columns": [{"field": "town", "treatment": "drop"}]})
    again = begin(services, editor, ROLL.replace(",100.50", ",160.50"))  # what is kept of the decisions has stayed
    assert again.undecided == ()
    assert again.tables[0].decisions == DECISIONS


def test_what_a_restored_version_publishes_on_a_ground_is_not_asked_again(tmp_path: Path) -> None:
    office = make_services(tmp_path / "office", review="two-person")
    clerk, other = make_actor(office, "clerk"), make_actor(office, "other")
    boss = make_actor(office, "boss", role="maintainer")
    office.datasets.create(clerk, DATASET)
    ground = {"treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"}
    decisions = {"columns": [{"field": "姓名", "kind": "personal-name", **ground}, *DECISIONS["columns"][1:]]}

    def go_public(draft: str, **reasons: str) -> str:
        office.drafts.submit(other, draft, Submission(**reasons))  # type: ignore[arg-type]
        office.drafts.approve(boss, draft)
        office.drafts.publish(boss, draft)
        office.work.run_to_end(draft)
        return str(office.drafts.get(clerk, draft).version)

    assert go_public(decide(office, clerk, begin(office, clerk).id, decisions).id) == "1.0.0"
    later = go_public(begin(office, other, ROLL.replace(",100.50", ",150.50")).id)
    restored = restore(office, other, "1.0.0")
    assert restored.undecided == ()
    assert restored.tables[0].decisions == {"columns": decisions["columns"][:1]}
    assert list(restored.contributors) == ["clerk", "other"]
    number = go_public(restored.id, breaking="the reason of a test")
    assert number not in ("1.0.0", later)
    assert read(office, number) == read(office)
    again = begin(office, other, ROLL.replace(",100.50", ",160.50"))
    assert again.tables[0].decisions == decisions


def test_what_nobody_decided_about_is_asked_of_a_restored_version(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(services, editor).id
    with monkeypatch.context() as before_the_gate:
        before_the_gate.setattr("opendata.services.privacy.gate.list_open_findings", lambda *_: [])
        publish(services, editor, draft)
    draft = decide(services, editor, begin(services, editor).id).id
    services.drafts.submit(editor, draft, Submission(breaking="the reason of a test"))
    services.work.run_to_end(draft)
    restored = restore(services, editor, "1.0.0")
    assert {item["field"] for item in restored.undecided} == {"姓名", "id", "phone"}
    assert services.drafts.get(editor, restored.id).tables[0].treated is None
    assert decide(services, editor, restored.id).undecided == ()


def test_a_table_in_which_decisions_change_nothing_is_published_as_if_written_again(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("姓名", "id", "phone")
    said = {"columns": [{"field": name, "treatment": "not-personal", "reason": "code"} for name in names]}
    fields: list[dict[str, Any]] = [{"name": name, "type": "string"} for name in (*names, "town")]
    fields.append({"name": "amount", "type": "number", "constraints": {"minimum": 0}})
    text = ROLL.replace(",100.50", ",").replace(",200.50", ",0200.5")
    leaves_as_is, answers = treating.leaves_as_is, []
    monkeypatch.setattr(treating, "leaves_as_is", lambda *given: answers.append(leaves_as_is(*given)) or answers[-1])
    found = []
    for dataset in ("first", "second"):
        services.datasets.create(editor, {**DATASET, "id": dataset})
        draft = decide(services, editor, begin(services, editor, text, {"fields": fields}, dataset=dataset).id, said)
        publish(services, editor, draft.id)
        (table,) = services.versions.get_manifest(dataset, "1.0.0").to_json()["resources"]
        with services.versions.find_file(dataset, "1.0.0", "roll", "parquet").open() as file:
            rows = pq.read_table(io.BytesIO(file.read())).replace_schema_metadata(None)
        profile = services.versions.get_profile(dataset, "1.0.0", "roll")
        named = [table["opendata"].pop(key) for key in ("parquet", "report")]  # they have the dataset's name in them
        assert len(named) == 2
        found.append((table, rows, profile, read(services, dataset=dataset)))
        monkeypatch.setattr(treating, "leaves_as_is", lambda *_: False)
    assert answers == [True]
    assert found[0] == found[1]
    assert [item["count"] for item in found[0][0]["opendata"]["privacy"]["columns"]] == [6, 6, 6]
