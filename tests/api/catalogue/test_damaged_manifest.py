"""A manifest whose bytes were damaged on the disk."""

from __future__ import annotations

from opendata.storage.store import manifest_key
from tests.api.conftest import Caller, problem


def test_a_damaged_manifest_is_told_and_no_failure_of_the_program(editor: Caller, stranger: Caller) -> None:
    editor.publish()
    path = editor.services.settings.public_folder / manifest_key("reservoirs", "1.0.0")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:200])
    for address in ("/datasets/reservoirs", "/datasets/reservoirs/versions/1.0.0"):
        found = problem(stranger.get(address), 503, "damaged")
        assert "restored from a backup" in found["detail"]
    page = stranger.client.get("/datasets/reservoirs", headers={"Accept-Language": "zh"})
    assert (page.status_code, "清单已损坏" in page.text) == (503, True)
