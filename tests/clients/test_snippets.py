"""The code that a version's page offers, copied from the page and run by the tool it is for."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.servers import CHECKOUT, lack

CLIENT = CHECKOUT / "clients" / "python"
PYTHON = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c"]


@pytest.fixture(scope="module")
def snippets(office: str) -> dict[str, str]:
    """Tool → code."""
    page = requests.get(f"{office}/datasets/typed/1.0.0/", timeout=60).text
    found = re.findall(r"<summary>([^<]+)</summary><pre [^>]+><code>([^<]+)</code></pre>", page)
    return {tool: html.unescape(code) for tool, code in found}


def run(folder: Path, *command: str) -> str:
    """What a command prints, which must succeed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "LANG": "C.UTF-8", "HOME": str(folder)}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def spoil(code: str) -> str:
    """The same code that expects other bytes."""
    return re.sub(r"[0-9a-f]{64}", "0" * 64, re.sub(r"sha256-[^\"]+", f"sha256-{'A' * 43}=", code))


def test_a_page_has_code_for_each_tool_pinned_to_version_and_digest(snippets: dict[str, str], office: str) -> None:
    assert list(snippets) == [
        "curl",
        "Python: opendata_client",
        "Python: pandas",
        "Python: polars",
        "Python: DuckDB",
        "R",
        "Excel: Power Query",
        "JavaScript",
    ]
    for code in snippets.values():
        assert "1.0.0" in code
        assert "latest" not in code
        assert code != spoil(code)
        assert "万元" in code.splitlines()[0] or "万元" in code.splitlines()[1]
    newest = requests.get(f"{office}/datasets/typed", timeout=60).text
    assert "/datasets/typed/1.1.0/all-types.parquet" in newest
    table = requests.get(f"{office}/datasets/typed/1.0.0/all-types", timeout=60).text
    assert snippets["Python: pandas"] in html.unescape(table)
    assert "sha256sum" not in requests.get(f"{office}/datasets/granted", timeout=60).text


def test_curl_downloads_and_checks(snippets: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("sha256sum") is None:
        lack("curl", "curl or sha256sum isn't installed")
    assert run(tmp_path, "sh", "-ec", snippets["curl"]) == "all-types-1.0.0.csv: OK\n"
    newest, *_ = [line for line in snippets["curl"].splitlines() if line.startswith("curl")]
    run(tmp_path, "sh", "-ec", newest.replace("1.0.0", "latest"))  # as the page says
    assert "010," in (tmp_path / "all-types-latest.csv").read_text()
    with pytest.raises(AssertionError, match="NOT match"):
        run(tmp_path, "sh", "-ec", spoil(snippets["curl"]))


@pytest.mark.slow
def test_javascript_reads_every_row_and_checks(snippets: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("node") is None:
        lack("node", "it isn't installed")
    code = snippets["JavaScript"]
    shown = run(tmp_path, "node", "--input-type=module", "-e", f"{code}\nconsole.log(JSON.stringify(rows))")
    rows = json.loads(shown.splitlines()[-1])
    assert [row["code"] for row in rows] == ["007", "008", "009"]
    assert rows[0]['note "x"'] == "a, b\nc"
    assert (rows[0]["ratio"], rows[0]["year"], rows[1]["ratio"], rows[2]['note "x"']) == (0.5, 2026, None, "")
    with pytest.raises(AssertionError, match="integrity"):
        run(tmp_path, "node", "--input-type=module", "-e", spoil(code))


VALUES = "print(df['amount'][0], df['count'][0])"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "shown"),
    [
        ("Python: opendata_client", VALUES),
        ("Python: pandas", VALUES),
        ("Python: DuckDB", "print(*duckdb.sql(f\"SELECT amount, count FROM '{file}'\").fetchall()[0])"),
    ],
)
def test_python_code_loads_the_published_values_and_checks(
    snippets: dict[str, str], tmp_path: Path, tool: str, shown: str
) -> None:
    found = run(tmp_path, *PYTHON, f"{snippets[tool]}\n{shown}")
    assert found.splitlines()[-1] == "12345678901234567890.10 9007199254740993"
    with pytest.raises(AssertionError, match=r"AssertionError|IntegrityError"):
        run(tmp_path, *PYTHON, spoil(snippets[tool]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "packages"),
    [("Python: opendata_client", ["client", "pandas"]), ("Python: polars", ["polars"])],
    ids=["client", "polars"],
)
def test_python_code_runs_where_nothing_else_is_installed(
    snippets: dict[str, str], tmp_path: Path, tool: str, packages: list[str]
) -> None:
    uv, venv = Path(sys.executable).with_name("uv"), tmp_path / "venv"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "wheels"]
    subprocess.run(build, cwd=CLIENT, check=True, capture_output=True, timeout=60)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, venv], check=True, timeout=60)
    client = str(next((tmp_path / "wheels").glob("*.whl")))
    wanted = [client if name == "client" else name for name in packages]
    install = [uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", *wanted]
    done = subprocess.run(install, capture_output=True, text=True, timeout=600)
    if done.returncode:
        lack("registry", done.stderr.strip())
    code = f"{snippets[tool]}\n{VALUES}\nimport importlib.util\nassert importlib.util.find_spec('flask') is None"
    found = run(tmp_path, str(venv / "bin" / "python"), "-I", "-c", code)
    assert found == "12345678901234567890.10 9007199254740993\n"


@pytest.mark.slow
def test_r_reads_codes_as_text_and_checks(snippets: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("Rscript") is None or "digest" not in run(
        tmp_path, "Rscript", "-e", "rownames(installed.packages())"
    ):
        lack("R", "r-base-core or r-cran-digest isn't installed")
    (tmp_path / "code.R").write_text(f"{snippets['R']}\nstr(df)\ncat(format(df$day))\n")
    shown = run(tmp_path, "Rscript", "code.R")
    assert '$ code    : chr  "007" "008" "009"' in shown
    assert '$ note "x": chr  "a, b\\nc" NA ""' in shown
    assert shown.endswith("2026-01-31 NA 1899-12-31")
    (tmp_path / "code.R").write_text(spoil(snippets["R"]))
    with pytest.raises(AssertionError, match="is not TRUE"):
        run(tmp_path, "Rscript", "code.R")


def test_power_query_names_the_type_of_each_column(snippets: dict[str, str]) -> None:
    code = snippets["Excel: Power Query"]
    assert re.findall(r"\{(\".+\"), ([\w. ]+)\}", code) == [
        ('"code"', "type text"),
        ('"count"', "Int64.Type"),
        ('"amount"', "type number"),
        ('"ratio"', "type number"),
        ('"day"', "type date"),
        ('"at"', "type datetimezone"),
        ('"year"', "type number"),
        ('"ok"', "type logical"),
        ('"note ""x"""', "type text"),
    ]
    assert 'List.Accumulate({"NA"}, Header' in code
