"""What is delivered to run and watch an instance fits the program: names of settings, figures and alerts, times."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from opendata.settings import list_settings
from opendata.telemetry.instruments import INSTRUMENTS, PREFIX, list_series
from tests.servers import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
PAGE = (CHECKOUT / "docs" / "run-an-instance.md").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLES = {item.variable for item in list_settings()}
LABELS = {"le", "instance", "job"}
LEAST_MARGIN = 10


def list_queries() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana" / "opendata.json").read_text("utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return [*queries, *(rule["expr"] for rule in list_rules())]


def list_rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_query_asks_for_figures_that_are_exposed_by_labels_that_they_have() -> None:
    labels = {PREFIX + item.name: {*item.labels} for item in INSTRUMENTS}
    queries = list_queries()
    assert len(queries) > 50
    for query in queries:
        names = set(re.findall(r"\bopendata_\w+", query))
        assert names <= list_series(), query
        owned = LABELS.union(*(labels[re.sub(r"_(bucket|sum|count)$", "", name)] for name in names))
        used = {word.strip() for group in re.findall(r"by \(([^)]*)\)", query) for word in group.split(",")}
        used |= {word for group in re.findall(r"\{([^}]*)\}", query) for word in re.findall(r"(\w+)\s*[=!]", group)}
        assert used <= owned, query
        assert names or "up{" in query, query
        assert query.count("(") == query.count(")"), query


def test_every_figure_is_shown_or_watched() -> None:
    asked = {name for query in list_queries() for name in re.findall(r"\bopendata_\w+", query)}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert {PREFIX + item.name for item in INSTRUMENTS} - shown == set()


def test_every_figure_has_a_name_as_prometheus_wants_it() -> None:
    for item in INSTRUMENTS:
        assert re.fullmatch(r"[a-z][a-z_]*[a-z]", item.name)
        assert item.name.endswith("_total") == (item.kind == "counter"), item.name
        assert item.about.endswith("."), item.name
        assert bool(item.buckets) == (item.kind == "histogram"), item.name


def test_every_alert_says_how_bad_it_is_and_the_page_what_to_do() -> None:
    rules = list_rules()
    told = re.findall(r"^\| `(Opendata\w+)` \| .{20,} \| .{20,} \|$", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(rule["alert"] for rule in rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m"))


def test_panels_lie_beside_each_other() -> None:
    panels = json.loads((DEPLOY / "grafana" / "opendata.json").read_text("utf-8"))["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels}) == len(panels)


def read_unit(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        name, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_has_settings_that_there_are_and_gives_time_to_end(path: Path) -> None:
    unit = read_unit(path)
    environment = dict(item.split("=", 1) for item in unit["Environment"])
    assert {name for name in environment if name.startswith("OPENDATA_")} <= VARIABLES
    seconds = sum(int(environment.get(f"OPENDATA_{name}_SECONDS", 0)) for name in ("DRAIN", "FINISH"))
    assert int(unit["TimeoutStopSec"][0]) >= seconds + LEAST_MARGIN
    for name, value in {"ProtectSystem": "strict", "NoNewPrivileges": "yes", "KillMode": "mixed"}.items():
        assert unit[name] == [value]
    assert unit["ExecStart"][0].startswith("/opt/opendata/.venv/bin/opendata ")


def test_the_units_of_one_machine_have_ports_of_their_own() -> None:
    ports = [item for path in UNITS for item in read_unit(path)["Environment"] if "METRICS_PORT" in item]
    assert len(set(ports)) == len(UNITS) == 2
    asked = (DEPLOY / "prometheus" / "prometheus.yaml").read_text("utf-8")
    assert all(f"127.0.0.1:{port.rpartition('=')[2]}" in asked for port in ports)


@pytest.mark.slow
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = Path("/usr/bin/systemd-analyze")
    if not program.exists():
        pytest.skip("no systemd-analyze here (Debian: apt-get install systemd)")
    for path in UNITS:
        text = path.read_text("utf-8").replace("/opt/opendata/.venv/bin/opendata", sys.executable)
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        [program, "verify", *map(str, tmp_path.glob("*.service"))], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def read_compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8")))


def test_the_compose_file_has_settings_that_there_are_and_gives_time_to_end() -> None:
    nodes = {name: item for name, item in read_compose()["services"].items() if item["image"] == "opendata"}
    assert set(nodes) == {"web-1", "web-2", "worker"}
    for item in nodes.values():
        settings = item["environment"]
        assert set(settings) <= VARIABLES
        seconds = int(settings["OPENDATA_DRAIN_SECONDS"]) + int(settings["OPENDATA_FINISH_SECONDS"])
        assert int(item["stop_grace_period"].removesuffix("s")) >= seconds + LEAST_MARGIN
        assert not any(re.search(r"://[^$]*:[^$@]+@", value) for value in settings.values()), "no password in it"


def test_what_the_compose_file_mounts_and_asks_is_there() -> None:
    compose = read_compose()
    folder = DEPLOY / "compose"
    for mounted in compose["services"]["front"]["volumes"]:
        assert (folder / mounted.split(":")[0]).is_file(), mounted
    nodes = re.findall(r"server ([\w-]+):8000", (folder / "nodes.conf").read_text("utf-8"))
    assert set(nodes) == {name for name in compose["services"] if name.startswith("web-")}
    build = compose["services"]["worker"]["build"]
    assert (folder / build["context"]).resolve() == CHECKOUT
    copied = re.findall(r"^COPY (.+) \S+$", (CHECKOUT / build["dockerfile"]).read_text("utf-8"), re.MULTILINE)
    assert all((CHECKOUT / name).exists() for names in copied for name in names.split())


def test_the_page_names_the_files_and_has_no_other_configuration_of_nginx() -> None:
    for path in sorted(DEPLOY.rglob("*.*")):
        if path.is_file() and path.suffix != ".json":
            assert path.relative_to(CHECKOUT).as_posix() in PAGE, path
    assert "```nginx" not in PAGE
