"""Heavy libraries are imported where they are used, so that web workers start at once. Commands: see `test_start`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.servers import CHECKOUT

NEEDED = {
    *("apispec", "babel", "blinker", "click", "flask", "flask_babel", "flask_smorest", "flask_wtf", "itsdangerous"),
    *("jinja2", "markupsafe", "marshmallow", "opendata", "packaging", "pytz", "sqlalchemy", "typing_extensions"),
    *("webargs", "werkzeug", "wtforms", "yaml"),
}
"""What the web server can't begin without. `yaml` is apispec's, `pytz` flask-babel's."""

START = """
import pathlib, sys
before = set(sys.modules)
from opendata.app import create_app
from opendata.settings import Settings
app = create_app(Settings(home=pathlib.Path(sys.argv[1])))
assert not app.extensions["opendata"].database.is_current()
print(*set(sys.modules) - before)
"""


def test_an_application_starts_without_what_only_some_requests_need(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)], check=True, capture_output=True, text=True, cwd=CHECKOUT
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert "flask" in loaded
    # SQLAlchemy's compiled parts bring modules without a file.
    assert {name for name in loaded if not name.startswith(("_", "cython_runtime"))} - NEEDED == set()
