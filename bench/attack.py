"""What hostile files do to a served instance: uploaded, and previewed, one after the other.

For each file are printed how it ended and after how many seconds, the same for its preview, how long a small file of
another publisher took meanwhile, the 95th percentile of the home page's time, and the largest size of a web process
(beyond its size when idle), of a work process and of a preview process. The last line says whether the bounds held:
web processes below 300 MB more than idle, the home page below 500 ms, and a verdict for every file.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import requests

from bench._machine import describe_machine, list_largest, serve_instance
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.intake.hostile import HOSTILE

BUILDERS = (
    "columnar_files_that_expand",
    "compressed_bombs_of_10_gb",
    "nested_zip_bombs",
    "text_of_unusual_size",
    "workbook_of_a_billion_blanks",
    "workbook_of_many_short_texts",
    "workbooks_of_many_sheets",
    "workbooks_that_repeat_texts",
)
MOST_WEB = 300 << 20
MOST_HOME = 0.5
MOST_SECONDS = 1200
PASSWORD = "correct horse battery staple 9"  # noqa: S105 - of an instance that lives for minutes
SMALL = b"code,name\nA001,East Lake\nA002,West Lake\n"
RUNNING = ("received", "validating")


class Watch:
    """Reads the home page again and again, and looks at the processes, until it is left."""

    def __init__(self, address: str, root: int) -> None:
        self.times: list[float] = []
        self.largest: dict[str, int] = {}
        self._address, self._root = address, root
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._look)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def p95(self) -> float:
        """The 95th percentile of the home page, in seconds."""
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else 0.0

    def _read(self) -> None:
        session = requests.Session()
        while not self._stop.wait(0.05):
            start = time.perf_counter()
            assert session.get(f"{self._address}/").status_code == 200
            self.times.append(time.perf_counter() - start)

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for kind, size in list_largest(self._root).items():
                self.largest[kind] = max(self.largest.get(kind, 0), size)


def build_files(folder: Path, names: list[str], part: Fraction) -> Iterator[Path]:
    """The files of the builders, each removed once it has been tried; and 50 MB of line ends."""
    for name in names:
        made = HOSTILE[name]
        for path in made.build(folder / name, part if made.is_large else 1):
            yield path
            path.unlink()
    for name, line in (("line-ends", b"\n"), ("blank-rows", b",,\n")):
        path = folder / f"{name}.csv"
        path.write_bytes(b"a,b,c\n" + line * int(50_000_000 / part / len(line)))
        yield path
        path.unlink()


def sign_in(address: str, name: str) -> requests.Session:
    """A browser's session."""
    session = requests.Session()
    token = re.search(r'name="csrf_token" value="([^"]+)"', session.get(f"{address}/sign-in").text)
    assert token is not None
    form = {"csrf_token": token[1], "name": name, "password": PASSWORD}
    assert session.post(f"{address}/sign-in", data=form, allow_redirects=False).status_code == 303
    return session


def send(session: requests.Session, address: str, dataset: str, name: str, file: object) -> tuple[str, str]:
    """Send a file and wait for its end: the draft's address, and how it ended."""
    answer = session.post(f"{address}/api/v1/datasets/{dataset}/drafts", files={"file": (name, file)})
    if answer.status_code != 202:
        return "", f"refused with {answer.status_code}"
    draft, begun = answer.headers["Location"], time.monotonic()
    while time.monotonic() - begun < MOST_SECONDS:
        time.sleep(0.1)
        status = session.get(address + draft).json()["status"]
        if status not in RUNNING:
            return draft, status
    return draft, "no end"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=Fraction, default=Fraction(1), help="size of the files; 10 is ten times")
    parser.add_argument("--only", nargs="*", default=list(BUILDERS), choices=sorted(HOSTILE), metavar="BUILDER")
    args = parser.parse_args()
    print(describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="opendata-attack-") as name,
        tempfile.TemporaryDirectory(prefix="opendata-bench-") as home,
        serve_instance(Path(home)) as (address, token, root),
    ):
        services = build_services(Settings(home=Path(home), review="none"))
        services.accounts.create_user("attacker", PASSWORD, "editor", "bench")
        services.database.dispose()
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        other = {"id": "other", "title": "Another publisher"}
        session.post(f"{address}/api/v1/publishers", json=other).raise_for_status()
        for dataset, publisher in (("bombs", "bench"), ("lakes", "other")):
            body = {"id": dataset, "title": dataset, "publisher": publisher}
            session.post(f"{address}/api/v1/datasets", json=body).raise_for_status()
        browser = sign_in(address, "attacker")
        send(session, address, "lakes", "lakes.csv", SMALL)
        idle = max(list_largest(root).get("web", 0) for _ in range(5))
        print(f"a web process has {idle >> 20} MB when idle")
        print(
            f"{'file':34} {'bytes':>11} {'ended':>10} {'s':>6} {'preview s':>9} {'other s':>7} {'home p95 ms':>11}",
            end="",
        )
        print(f" {'web +MB':>7} {'work MB':>7} {'preview MB':>10}")
        held = True
        for path in build_files(Path(name), args.only, 1 / args.times):
            held &= attack(address, session, browser, path, idle, root)
        print("the bounds held" if held else "THE BOUNDS DID NOT HOLD")


def attack(
    address: str, session: requests.Session, browser: requests.Session, path: Path, idle: int, root: int
) -> bool:
    """Send a file and preview it; print a line, and say whether the bounds held."""
    size, found = path.stat().st_size, {}

    def send_other() -> None:
        begun = time.monotonic()
        with requests.Session() as own:
            own.headers.update(session.headers)
            found["status"] = send(own, address, "lakes", "lakes.csv", SMALL)[1]
        found["seconds"] = time.monotonic() - begun

    with Watch(address, root) as watch:
        begun = time.monotonic()
        thread = threading.Timer(0.5, send_other)
        thread.start()
        with path.open("rb") as file:
            draft, ended = send(session, address, "bombs", path.name, file)
        seconds = time.monotonic() - begun
        thread.join()
        begun = time.monotonic()
        if draft:
            table = session.get(address + draft).json()["resources"][0]["name"]
            page = f"{address}/workspace/drafts/{draft.rpartition('/')[2]}/resources/{table}/reading"
            answer = browser.get(page, params={"try": "1", "header_rows": "1"})
            assert answer.status_code == 200, answer.status_code
        preview = time.monotonic() - begun
    sizes = {kind: watch.largest.get(kind, 0) >> 20 for kind in ("work", "preview")}
    web = max(0, watch.largest.get("web", 0) - idle)
    print(
        f"{path.name:34} {size:11,} {ended:>10} {seconds:6.1f} {preview:9.1f} {found.get('seconds', 0.0):7.1f}"
        f" {watch.p95 * 1000:11.0f} {web >> 20:7} {sizes['work']:7} {sizes['preview']:10}",
        flush=True,
    )
    return web < MOST_WEB and watch.p95 < MOST_HOME and ended not in ("no end", *RUNNING) and found["status"] == "valid"


if __name__ == "__main__":
    main()
