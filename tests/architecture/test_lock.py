"""The lock files hold all that is declared, with hashes, and name no place to get it from."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.servers import CHECKOUT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)(\[[^\]]+\])?==(?P<version>[^ ;\\]+)")


def read_pins(lock: str) -> dict[str, str]:
    lines = (CHECKOUT / lock).read_text(encoding="utf-8").splitlines()
    return {pin["name"]: pin["version"] for line in lines if (pin := PIN.match(line))}


def read_declared(*groups: str) -> set[str]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["postgres"]]
    for group in groups:
        lines += project["dependency-groups"][group]
    return {re.sub(r"[._]", "-", re.split(r"[\[<>=;~! ]", line)[0]).lower() for line in lines}


def test_what_running_takes_is_locked() -> None:
    assert read_declared("build") <= read_pins("requirements.lock").keys()


def test_what_developing_takes_is_locked() -> None:
    assert read_declared("build", "dev") <= read_pins("requirements-dev.lock").keys()


def test_developers_have_the_versions_that_run() -> None:
    assert read_pins("requirements.lock").items() <= read_pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (CHECKOUT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if PIN.match(line)]
    assert [line for line in pins if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    assert re.findall(r"(?m)://|^-|^ *--(?!hash=sha256:)", text) == []
