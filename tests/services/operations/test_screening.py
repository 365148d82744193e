"""Published tables are screened in the background: what older programs let through is listed for those who decide."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from opendata.db.models import DraftResource
from opendata.domain.manifest import Manifest
from opendata.errors import DamagedError
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import make_actor, publish, upload
from tests.services.work.test_privacy_gate import DECISIONS, ROLL, decide
from tests.services.work.test_privacy_gate import publish as submit


def declare(*fields: str) -> dict[str, Any]:
    """Decisions that these columns aren't personal."""
    return {"columns": [{"field": name, "treatment": "not-personal", "reason": "code"} for name in fields]}


def let_through(services: Services, editor: Actor, *decided: str) -> None:
    """Publish personal data as a program without the gate did, but for the columns that were decided about."""
    draft = upload(services, editor, ROLL, name="roll", schema=None)
    if decided:
        draft = decide(services, editor, draft.id, declare(*decided))
    declared = declare("姓名", "id", "phone")
    with services.database.unit(write=True) as session:
        session.execute(update(DraftResource).values(decisions=declared))
    submit(services, editor, draft.id)


def test_what_was_let_through_is_listed_without_values_and_stopped_by_a_person(
    services: Services, editor: Actor
) -> None:
    let_through(services, editor)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    rival = make_actor(services, "rival", publisher="road-bureau")
    assert services.screening.run_slice() == 1
    assert services.screening.run_slice() == 0
    ((version, findings),) = services.screening.list(editor)
    assert (version.version, {item["field"] for item in findings}) == ("1.0.0", {"姓名", "id", "phone"})
    assert all(item["examples"] == [] for item in findings)
    assert services.screening.list(rival) == []
    assert [services.screening.count(actor) for actor in (editor, rival, SYSTEM)] == [1, 0, 1]
    services.stops.suspend(editor, "reservoirs", "1.0.0", reason="含有个人信息")
    assert services.screening.list(editor) == []


def test_columns_that_were_decided_about_are_not_listed_beside_others(services: Services, editor: Actor) -> None:
    let_through(services, editor, "id")
    assert services.screening.run_slice() == 1
    ((_, findings),) = services.screening.list(editor)
    assert {item["field"] for item in findings} == {"姓名", "phone"}


def test_the_worker_screens_what_is_published_when_it_tidies(services: Services, editor: Actor) -> None:
    let_through(services, editor)
    assert services.screening.list(editor) == []
    services.work.tidy()
    assert len(services.screening.list(editor)) == 1
    assert services.screening.run_slice() == 0


def test_what_was_decided_or_is_no_personal_data_raises_no_alarm(services: Services, editor: Actor) -> None:
    publish(services, editor)
    submit(
        services,
        editor,
        decide(services, editor, upload(services, editor, ROLL, name="roll", schema=None).id, DECISIONS).id,
    )
    assert services.screening.run_slice() == 2
    assert services.screening.list(editor) == []


def test_a_stopped_version_is_not_screened(services: Services, editor: Actor) -> None:
    let_through(services, editor)
    services.stops.suspend(editor, "reservoirs", "1.0.0", reason="含有个人信息")
    assert services.screening.run_slice() == 0


@pytest.mark.parametrize("error", [KeyError("roll"), NotImplementedError("x"), DamagedError(), IndexError()])
def test_one_damaged_version_does_not_keep_the_others_from_being_screened(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    let_through(services, editor)
    publish(services, editor, name="levels")
    get = Manifests.get

    def fail(self: Manifests, dataset: str, version: str) -> Manifest:
        if version == "1.1.0":
            raise error
        return get(self, dataset, version)

    monkeypatch.setattr(Manifests, "get", fail)
    assert services.screening.run_slice() == 1
    assert {item.version for item, _ in services.screening.list(editor)} == {"1.0.0"}


def test_a_version_with_a_damaged_file_is_screened_when_it_is_whole_again(services: Services, editor: Actor) -> None:
    let_through(services, editor)
    publish(services, editor, name="levels")
    name = services.versions.get_manifest("reservoirs", "1.0.0").tables[0].parquet.sha256
    (path,) = services.settings.public_folder.rglob(name)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"PAR1")
    assert services.screening.run_slice() == 0
    path.write_bytes(whole)
    assert services.screening.run_slice() == 2
    assert {item.version for item, _ in services.screening.list(editor)} == {"1.0.0", "1.1.0"}
