"""Sends damaged files to a served instance the way a clerk does: upload, draft, verdict, the draft's pages, preview.

`python -m tests.fuzz.uploads --inputs 1000`. A draft that fails or never ends, a page or a preview that is answered 5xx
(other than 503 and 507) or late, a traceback in the log and a web server that ends are faults: the file is kept in a
folder, and the status is 1. The same seed makes the same files.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests

from tests.fuzz.answers import look
from tests.fuzz.damages import damage_json
from tests.fuzz.portal import Portal, Tally, serve
from tests.fuzz.readers import make_input
from tests.fuzz.readings import READINGS
from tests.fuzz.seeds import CHOICES, DECISIONS, RECIPE, SCHEMA

_FILES = READINGS[0]
_RUNNING = ("received", "validating")
_MOST_SECONDS = 120.0
_TIMEOUT = 60
_PAGES = ("", "/check", "/originals", "/discard")
_TABLE_PAGES = ("/reading", "/findings", "/privacy", "/changes")
_CHANGES = (
    *(("choices", usual) for usual in CHOICES),
    *(("schema", SCHEMA), ("decisions", DECISIONS), ("repairs", RECIPE["repairs"])),
)
_TABLE_ANSWERS = ("findings", "findings.csv", "findings.xlsx", "marked.xlsx", "schemas")


class Clerk:
    """Sends files and looks at what became of them."""

    def __init__(self, portal: Portal, tally: Tally) -> None:
        self.portal, self.tally = portal, tally
        self.browser = portal.sign_in("editor")
        self.ends: Counter[str] = Counter()
        self.sent = ""

    def ask(self, label: str, path: str, **options: object) -> requests.Response | None:
        """A page or a document, counted."""
        begun = time.monotonic()
        method = str(options.pop("method", "GET"))
        try:
            answer = self.browser.request(
                method,
                self.portal.address + path,
                timeout=_TIMEOUT,
                headers=self.portal.headers("editor") if path.startswith("/api/") else {},
                **options,  # type: ignore[arg-type]
            )
        except requests.RequestException as error:
            self.tally.blame(f"{label}: {type(error).__name__}", f"{self.sent}\n{path}\n{error!r}")
            return None
        self.tally.add(label, answer.status_code, time.monotonic() - begun, f"{self.sent}\n{path}", answer.text[:2000])
        return answer

    def send(self, name: str, data: bytes, chance: random.Random) -> None:
        """One file, to its verdict and back to the clerk."""
        fields = {}
        if chance.random() < 0.1:
            fields["schema"] = json.dumps(damage_json(chance, SCHEMA))
        path = f"/api/v1/datasets/{self.portal.real['dataset']}/drafts"
        answer = self.ask("upload", path, method="POST", files={"file": (name, io.BytesIO(data))}, data=fields)
        if answer is None or answer.status_code != 202:
            self.ends[f"refused {answer.status_code if answer is not None else ''}"] += 1
            return
        draft = answer.json()["id"]
        view = self._wait(draft)
        self.ends[view["status"]] += 1
        if view["status"] in ("failed", *_RUNNING):
            self.tally.blame(
                f"draft: {view['status']} {view.get('reason') or ''}", f"{self.sent}\n{json.dumps(view)[:4000]}"
            )
            return
        for page in _PAGES:
            self.ask(f"page {page}", f"/workspace/drafts/{draft}{page}")
        for table in view["resources"][:2]:
            place = f"/workspace/drafts/{draft}/resources/{table['name']}"
            for page in _TABLE_PAGES:
                self.ask(f"page {page}", f"{place}{page}")
            for part in _TABLE_ANSWERS:
                self.ask(f"draft {part}", f"/api/v1/drafts/{draft}/resources/{table['name']}/{part}")
            self.ask("preview", f"{place}/reading", params={"try": "1", "header_rows": "1", "encoding": "gb18030"})
            name, usual = chance.choice(_CHANGES)
            body = {name: damage_json(chance, usual)}
            self.ask(
                "read again", f"/api/v1/drafts/{draft}/resources/{table['name']}", method="PATCH", json=_plain(body)
            )
        view = self._wait(draft)
        if view["status"] in ("failed", *_RUNNING):
            self.tally.blame(f"draft read again: {view['status']}", f"{self.sent}\n{json.dumps(view)[:4000]}")
        self.ask("discard", f"/api/v1/drafts/{draft}/discard", method="POST", json={})

    def _wait(self, draft: str) -> dict[str, object]:
        begun = time.monotonic()
        while True:
            view: dict[str, object] = requests.get(
                f"{self.portal.address}/api/v1/drafts/{draft}", headers=self.portal.headers("editor"), timeout=_TIMEOUT
            ).json()
            if view["status"] not in _RUNNING or time.monotonic() - begun > _MOST_SECONDS:
                return view
            time.sleep(0.05)


def _plain(body: object) -> object:
    """What a client of JSON can send: it has no infinite numbers and no halves of characters."""
    text = json.dumps(body).replace("Infinity", "0").replace("NaN", "0")
    return json.loads(text.encode("utf-8", "replace"))


def main() -> None:
    """Print how many files ended how."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=500, help="how many files")
    parser.add_argument("--seed", type=int, default=None, help="what the files are made from")
    parser.add_argument("--keep", type=Path, default=None, help="the folder for files that go wrong")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(2**32)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="opendata-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{args.inputs} files, seed {seed}, faults are kept in {folder}", flush=True)
    tally = Tally(folder)
    with serve() as portal:
        clerk = Clerk(portal, tally)
        for number in range(args.inputs):
            name, data = make_input(_FILES, seed, number)
            clerk.sent = str(folder / f"{number}@{name}")
            before = tally.faults.total()
            clerk.send(name, data, random.Random(f"{seed} {number}"))
            look(portal, tally, clerk.sent)
            if tally.faults.total() > before:
                Path(clerk.sent).write_bytes(data)
    print(f"{clerk.ends.total()} files: {', '.join(f'{end} {count}' for end, count in clerk.ends.most_common())}")
    tally.say("requests about them")
    sys.exit(bool(tally.faults))


if __name__ == "__main__":
    main()
