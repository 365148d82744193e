"""Puts hand-made faults into copies of the checkout, one at a time, and tells which test notices each.

`python -m tests.mutations.run [NAME...]`. A fault is a patch beside this file. Above its diff it says what it would do
to a user, and in a line `Tests:` which tests most likely notice it. They run first; where they pass, what `make test`
runs does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parent.parent

_TESTS = re.compile(r"^Tests: (.+)$", re.MULTILINE)
_FALLEN = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", re.MULTILINE)


class FaultError(Exception):
    """A fault was not tried, or went unnoticed: why, in a few words."""


def list_patches() -> dict[str, Path]:
    """The faults by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.patch"))}


def read_tests(patch: Path) -> Sequence[str]:
    """The tests that most likely notice a fault."""
    found = _TESTS.search(patch.read_text(encoding="utf-8"))
    return found[1].split() if found else ()


def apply(patch: Path, tree: Path, *, check: bool = False) -> None:
    """Put a fault into a tree, or only see whether that can be done. Raises `FaultError`."""
    # A repository around the tree would make git take the paths for those of files outside, and pass over them.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    command = ["git", "apply", *(["--check"] if check else []), str(patch)]
    ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise FaultError(f"does not apply: {ended.stderr.strip()}")


@contextmanager
def copy_checkout() -> Iterator[Path]:
    """A copy of what git knows or would add, without caches, and with an environment that imports nothing but it."""
    with tempfile.TemporaryDirectory(prefix="opendata-mutation-") as folder:
        tree = Path(folder).resolve() / "opendata"
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            if (CHECKOUT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, tree / name)
        _make_environment(tree)
        yield tree


def _make_environment(tree: Path) -> None:
    """A virtual environment at the usual place: this one's packages, but for opendata, which is the tree's."""
    home = tree / ".venv"
    venv.create(home, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    # A `.pth` in a folder that is named in one does not count: that of the editable installation is passed over.
    (packages / "tree.pth").write_text(f"{tree}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    for program in ("opendata", "pytest"):
        text = Path(sys.prefix, "bin", program).read_text(encoding="utf-8")
        (home / "bin" / program).write_text(text.replace(sys.prefix, str(home)), encoding="utf-8")
        (home / "bin" / program).chmod(0o755)
    if Path(sys.prefix, "browser").exists():
        (home / "browser").symlink_to(Path(sys.prefix, "browser"))
    # `-B`: what is compiled now could be taken for the text that the fault changes.
    command = [str(home / "bin" / "python"), "-B", "-c", "import opendata; print(opendata.__file__)"]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/", env=_list_variables())
    if Path(ended.stdout.strip()) != tree / "opendata" / "__init__.py":
        raise FaultError(f"the copy imports {ended.stdout.strip()}")


def _list_variables() -> dict[str, str]:
    """What the tests see of ours: nothing that leads back to this checkout, and no chance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    beside = CHECKOUT.parent / "shared" / "realdata"  # the copy has no such neighbour
    if beside.is_dir():
        kept.setdefault("OPENDATA_REALDATA", str(beside))
    return {**kept, "CI": "1", "PYTEST_ADDOPTS": "--exitfirst"}


def run_tests(tree: Path, tests: Sequence[str]) -> Sequence[str]:
    """The tests that fell first, of those named; of what `make test` runs where none is. Raises `FaultError`."""
    # `no:cacheprovider`: nothing of one run may count in the next.
    command = [".venv/bin/pytest", "-m", "not slow", "-p", "no:cacheprovider"]
    command += tests or ["-n", "logical", "--maxprocesses", "8", "--dist", "loadfile"]
    ended = subprocess.run(command, cwd=tree, env=_list_variables(), capture_output=True, text=True)
    fallen = _FALLEN.findall(ended.stdout)
    if ended.returncode and not fallen:
        raise FaultError(f"the tests do not run: {(ended.stdout + ended.stderr)[-2000:]}")
    return fallen


def find_noticing(patch: Path, sound: Path) -> Sequence[str]:
    """The tests that notice a fault, and pass in the `sound` tree. Raises `FaultError` where none does."""
    with copy_checkout() as tree:
        apply(patch, tree)
        tests = read_tests(patch)
        fallen = (tests and run_tests(tree, tests)) or run_tests(tree, ())
    if not fallen:
        raise FaultError("no test notices it")
    # Without parameters: those that have blanks or dashes can't be told from what pytest says after them.
    if run_tests(sound, sorted({name.partition("[")[0] for name in fallen})):
        raise FaultError(f"it falls without the fault, too: {', '.join(fallen)}")
    return fallen


def main(names: Sequence[str]) -> int:
    """Try the faults named, or all; 1 where one goes unnoticed."""
    known = list_patches()
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"There is no fault {', '.join(unknown)}; there are {', '.join(known)}")
    passed = failed = 0
    print(f"{'fault':<14}{'seconds':>8}  noticed by", flush=True)
    with copy_checkout() as sound:
        for name in names or known:
            started = time.monotonic()
            try:
                told = f"\n{'':<24}".join(find_noticing(known[name], sound))
                passed += 1
            except FaultError as error:
                told = f"FAILED: {error}"
                failed += 1
            print(f"{name:<14}{time.monotonic() - started:>8.1f}  {told}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
