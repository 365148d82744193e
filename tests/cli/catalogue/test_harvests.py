"""`opendata harvest`: a portal is registered, tried, harvested and listed; a run that fails ends with 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.instances import PUBLISHER
from tests.source_servers import serve_site

Run = Callable[..., Any]


@pytest.mark.slow
def test_a_portal_is_harvested_from_the_shell(instance: Path, run: Run) -> None:
    services = build_services(Settings(home=instance))
    services.publishers.ensure(SYSTEM, PUBLISHER)
    services.database.dispose()
    package = {"name": "one", "title": "一", "resources": [{"name": "t", "path": "t.csv"}]}
    with serve_site() as site:
        url = site.put("/list.json", json.dumps({"packages": [package, {}]}))
        words = ("--title", "邻市", "--url", url, "--kind", "datapackage", "--publisher", PUBLISHER["id"])
        env = {"OPENDATA_SOURCE_HOSTS": "127.0.0.1"}
        refused = run("harvest", "put", "next-city", *words[:-1], "nobody", env=env)
        assert refused.exit_code == 2
        assert run("harvest", "put", "next-city", *words, env=env).exit_code == 0
        trial = json.loads(run("harvest", "run", "next-city", "--trial", "--json", env=env).stdout)
        assert (trial["outcome"], trial["new"], trial["refused"][0]["title"]) == ("done", 1, "")
        done = run("harvest", "run", "next-city", env=env)
        assert (done.exit_code, "new\tone\t一" in done.stdout) == (0, True)
        (listed,) = json.loads(run("harvest", "list", "--json", env=env).stdout)["items"]
        assert (listed["portal"], listed["datasets"], listed["active"]) == ("next-city", 1, True)
        site.put("/list.json", b"[]")
        failed = run("harvest", "run", "next-city", env=env)
        assert failed.exit_code == 1
        assert "no datasets" in failed.stderr
