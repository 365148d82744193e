"""Sends hostile requests to a served instance, as each kind of account, and counts what came back.

`python -m tests.fuzz.requests --examples 20000`. Schemathesis makes requests for every operation of the OpenAPI
document, allowed and not allowed ones. Every other address gets hostile parts, parameters and headers, and every form
of every page is sent with hostile values. An answer 5xx (other than 503 and 507), one that takes longer than 5 seconds,
a traceback in the log and a process that ends are faults: what was sent is kept in a folder, and the status is 1.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import lxml.html
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from werkzeug.routing import Rule

from opendata.app import create_app
from tests.fuzz.damages import WORDS, damage_file, damage_json, damage_text
from tests.fuzz.portal import ROLES, Portal, Tally, serve
from tests.fuzz.readings import READINGS

_TIMEOUT = 60
_STREAM = re.compile(r"/events$")
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
_LEAVES_SESSION = re.compile(r"sign-out|account/password|/sessions/")
_SHORT = tuple(word for word in WORDS if len(word) < 6000)


# ----------------------------------------------------------------------------------------------------- operations


@schemathesis.serializer("application/offset+octet-stream")
def send_bytes(context: object, value: Any) -> bytes:
    """A piece of an upload goes as it is; what is no bytes goes as its text."""
    found = getattr(value, "data", value)
    return found if isinstance(found, bytes) else str(found).encode()


def try_operations(portal: Portal, examples: int, number: int, tally: Tally) -> None:
    """Requests for every operation of the OpenAPI document, shared among the roles."""
    config = schemathesis.Config()
    config.projects.default.generation.with_security_parameters = False
    document = schemathesis.openapi.from_url(f"{portal.address}/api/v1/openapi.json", config=config)
    operations = [result.ok() for result in document.get_all_operations()]
    each = max(1, examples // (len(operations) * len(ROLES)))
    for operation in operations:
        for role in ROLES:
            if not portal.is_whole():
                portal.renew()
            try_operation(portal, operation, role, each, number, tally)
        look(portal, tally, operation.label)


def try_operation(portal: Portal, operation: Any, role: str, count: int, number: int, tally: Tally) -> None:
    """Requests for one operation as one role."""
    real = {name: portal.real[name] for name in re.findall(r"\{(\w+)\}", operation.path) if name in portal.real}
    variants = [operation.as_strategy(mode, path_parameters=real or None) for mode in _MODES]
    if real:
        variants.append(operation.as_strategy(GenerationMode.NEGATIVE))
    headers = portal.headers(role)

    @given(st.one_of(variants))
    @settings(
        max_examples=count,
        suppress_health_check=list(HealthCheck),
        database=None,
        deadline=None,
        phases=[Phase.generate],
    )
    @seed(number)
    def send(case: Any) -> None:
        begun = time.monotonic()
        label = f"{role} {operation.label}"
        try:
            answer = case.call(headers=headers, timeout=_TIMEOUT, stream=bool(_STREAM.search(operation.path)))
        except (requests.ConnectionError, requests.Timeout) as error:
            tally.blame(f"{label}: {type(error).__name__}", f"{case.as_curl_command()}\n{error!r}")
            return
        except (requests.RequestException, UnicodeError, ValueError):
            return  # the client can't send that
        tally.add(label, answer.status_code, time.monotonic() - begun, case.as_curl_command()[:20_000])

    send()


# ------------------------------------------------------------------------------------------------ addresses, forms


@dataclass(frozen=True)
class Form:
    """A form of a page: where it is sent, and what its fields hold."""

    page: str
    action: str
    method: str
    fields: Sequence[tuple[str, str]]
    files: Sequence[str]


class Browser:
    """Sends hostile requests to the pages as one role."""

    def __init__(self, portal: Portal, role: str, chance: random.Random, tally: Tally) -> None:
        self.portal, self.role, self.chance, self.tally = portal, role, chance, tally
        self.session = portal.sign_in(role)
        app = create_app(services=portal.services)
        rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/v1")]
        self.rules = sorted(rules, key=lambda rule: (rule.rule, sorted(rule.methods or ())))

    def address(self, rule: Rule, *, hostile: float) -> str:
        """An address of a rule, each part hostile so often."""

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            value = self.portal.real.get(name, "1")
            if self.chance.random() < hostile:
                value = self.chance.choice((self.chance.choice(_SHORT), damage_text(self.chance, value)[:6000]))
            return quote(value.encode("utf-8", "surrogatepass"), safe="/" if self.chance.random() < 0.3 else "")

        return re.sub(r"<(?:[^<>]*:)?(\w+)>", fill, rule.rule)

    def query(self) -> str:
        """Parameters that pages know, with values they may not expect."""
        pairs = [(self.chance.choice(_PARAMETERS), self._value()) for _ in range(self.chance.choice((0, 1, 1, 2, 4)))]
        return "&".join(f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)

    def headers(self) -> dict[str, str]:
        """Sometimes headers that hold what they shouldn't."""
        if self.chance.random() < 0.7:
            return {}
        name, _, value = self.chance.choice(_HEADERS).partition(": ")
        value = damage_text(self.chance, value)[:4000].encode("latin-1", "replace").decode("latin-1")
        return {name: re.sub(r"[\r\n\0]", "", value).strip()}

    def _value(self) -> str:
        return self.chance.choice(
            (self.chance.choice(_SHORT), damage_text(self.chance, self.chance.choice(_PLAIN))[:6000])
        )

    def try_addresses(self, count: int) -> None:
        """Ask every rule so often, by each method that it takes and some that it doesn't."""
        for rule in self.rules:
            for _ in range(count):
                methods = sorted(rule.methods or ())
                method = self.chance.choice(
                    methods if self.chance.random() < 0.9 else ("PUT", "DELETE", "PATCH", "TRACE")
                )
                path = self.address(rule, hostile=self.chance.choice((0, 0.3, 1)))
                query = self.query() if self.chance.random() < 0.7 else ""
                self.send(rule.rule, method, f"{path}?{query}" if query else path)
            look(self.portal, self.tally, rule.rule)

    def try_forms(self, count: int) -> None:
        """Send every form of every page so often, some of its values replaced."""
        for rule in self.rules:
            if "GET" not in (rule.methods or ()):
                continue
            page = self.address(rule, hostile=0)
            for number in range(self._count_forms(page)):
                for _ in range(count):
                    forms = self.read_forms(page)
                    if number >= len(forms):
                        break
                    self.send_form(rule.rule, forms[number])
                if not self.portal.is_whole():
                    self.portal.renew()
                page = self.address(rule, hostile=0)
            look(self.portal, self.tally, rule.rule)

    def _count_forms(self, page: str) -> int:
        return len(self.read_forms(page))

    def read_forms(self, page: str) -> list[Form]:
        """The forms of a page, but for those with which the session would end."""
        answer = self.send("page", "GET", page)
        if answer is None or "html" not in answer.headers.get("Content-Type", "") or not answer.text.strip():
            return []
        if self.role != "stranger" and 'href="/sign-in' in answer.text:
            self.session = self.portal.sign_in(self.role)
        return [form for form in _list_forms(page, answer.text) if not _LEAVES_SESSION.search(form.action)]

    def send_form(self, label: str, form: Form) -> None:
        """Send a form with some of its values replaced, doubled or left out."""
        fields = [(name, self._change(name, value)) for name, value in form.fields]
        if self.chance.random() < 0.3 and fields:
            fields.append((self.chance.choice(fields)[0], self._value()))
        if self.chance.random() < 0.2 and fields:
            fields.pop(self.chance.randrange(len(fields)))
        if form.method == "GET":
            query = "&".join(f"{quote(n)}={quote(v.encode('utf-8', 'surrogatepass'))}" for n, v in fields)
            self.send(label, "GET", f"{form.action.partition('?')[0]}?{query}")
            return
        parts: list[tuple[str, Any]] = [
            (name, (None, value.encode("utf-8", "surrogatepass"))) for name, value in fields
        ]
        for name in form.files:
            seeds = READINGS[0].seeds()
            chosen = self.chance.choice(sorted(seeds))
            parts.append((name, (chosen, damage_file(self.chance, seeds[chosen]))))
        self.send(label, "POST", form.action, files=parts)

    def _change(self, name: str, value: str) -> str:
        if name == "csrf_token" or self.chance.random() < 0.6:
            return value
        if value.startswith("{") and self.chance.random() < 0.7:
            try:
                return json.dumps(damage_json(self.chance, json.loads(value)))
            except ValueError:
                pass
        return self.chance.choice((self._value(), damage_text(self.chance, value)[:20_000]))

    def send(self, label: str, method: str, path: str, **options: Any) -> requests.Response | None:
        """One request, counted."""
        begun = time.monotonic()
        headers = self.headers()
        sent = f"{method} {path} {headers} {str(options)[:20_000]}"
        try:
            answer = self.session.request(
                method, self.portal.address + path, headers=headers, timeout=_TIMEOUT, allow_redirects=False, **options
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            self.tally.blame(f"{self.role} {method} {label}: {type(error).__name__}", f"{sent}\n{error!r}")
            return None
        except (requests.RequestException, UnicodeError, ValueError):
            return None  # the client can't send that
        self.tally.add(f"{self.role} {method} {label}", answer.status_code, time.monotonic() - begun, sent, answer.text)
        return answer


_PARAMETERS = (
    *(
        "q",
        "lang",
        "cursor",
        "limit",
        "publisher",
        "sort",
        "page",
        "old",
        "new",
        "since",
        "try",
        "header_rows",
        "first_row",
    ),
    *(
        "last_row",
        "first_column",
        "last_column",
        "encoding",
        "delimiter",
        "sheet",
        "place",
        "account",
        "action",
        "subject",
    ),
    *(
        "from",
        "until",
        "since",
        "next",
        "format",
        "rule",
        "field",
        "kind",
        "row",
        "resource",
        "fill_merged",
        "schema",
        "x",
    ),
)
_PLAIN = (
    "1",
    "zh",
    "reservoirs-1",
    "2026-01-31",
    "cmVzZXJ2b2lycw",
    "gb18030",
    "type-error",
    "1.0.0",
    "A001",
    "/workspace",
)
_HEADERS = (
    *(
        "Range: bytes=0-3,5-",
        'If-None-Match: W/"1", "2"',
        'If-Match: "3"',
        'If-Range: "x"',
        "Accept-Encoding: gzip;q=0",
    ),
    *("Want-Repr-Digest: sha-256=1, sha-512=3", "Want-Content-Digest: sha-512=9", "Cookie: opendata_session=x"),
    *("Accept: application/json;q=0.9, */*;q=0.1", "Accept-Language: zh-CN,en;q=0.5", "X-Forwarded-For: 10.0.0.1, ::1"),
    *(
        "Authorization: Basic YTpi",
        "Authorization: Bearer x",
        "Content-Type: multipart/form-data; boundary=x",
        "Host: a",
    ),
    *("If-Modified-Since: Mon, 1 Jan 2026", "X-Forwarded-Proto: https", "Origin: null", "Referer: x", "User-Agent: x"),
)


def _list_forms(page: str, text: str) -> Iterator[Form]:
    for node in lxml.html.fromstring(text).iter("form"):
        action = urlsplit(urljoin(f"http://x{page}", node.get("action") or page))
        fields, files = [], []
        for item in node.iter("input", "select", "textarea", "button"):
            name, kind = item.get("name"), item.get("type", "text")
            if not name:
                continue
            if kind == "file":
                files.append(name)
            elif item.tag == "select":
                chosen = item.xpath(".//option[@selected]") or item.xpath(".//option")
                fields.append((name, chosen[0].get("value") or "" if chosen else ""))
            else:
                fields.append((name, item.text_content() if item.tag == "textarea" else item.get("value") or ""))
        path = action.path + (f"?{action.query}" if action.query else "")
        yield Form(page, path, (node.get("method") or "get").upper(), fields, files)


def try_pages(portal: Portal, count: int, number: int, tally: Tally) -> None:
    """Hostile addresses and forms, as every role."""
    for role in ROLES:
        browser = Browser(portal, role, random.Random(f"{number} {role}"), tally)
        browser.try_addresses(max(1, count // (2 * len(ROLES) * len(browser.rules))))
        if not portal.is_whole():
            portal.renew()
        browser.session = portal.sign_in(role)
        browser.try_forms(max(1, count // (2 * len(ROLES) * 60)))


def look(portal: Portal, tally: Tally, label: str) -> None:
    """Whether the server has logged a traceback or a process that ended."""
    for event in portal.find_events():
        lines = [line for line in event.splitlines() if "/opendata/" in line]
        end = next((line for line in event.splitlines()[1:] if re.match(r"\w[\w.]*(Error|Exception)?\b", line)), "")
        head = event.splitlines()[0]
        what = f"{(lines or [''])[-1].strip()} {end}" if head.startswith("Traceback") else head
        tally.blame(f"logged: {what[:300]}", f"after {label}\n{event}")


def main() -> None:
    """Print how many requests were answered how."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=10_000, help="how many requests, half of them to /api")
    parser.add_argument("--seed", type=int, default=None, help="what the requests are made from")
    parser.add_argument("--keep", type=Path, default=None, help="the folder for requests that go wrong")
    parser.add_argument("--only", choices=["api", "pages"])
    args = parser.parse_args()
    number = args.seed if args.seed is not None else random.SystemRandom().randrange(2**32)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="opendata-fuzz-"))
    print(f"{args.examples} requests, seed {number}, faults are kept in {folder}", flush=True)
    faults = 0
    with serve() as portal:
        half = args.examples if args.only else args.examples // 2
        if args.only != "pages":
            tally = Tally(folder / "api")
            try_operations(portal, half, number, tally)
            tally.say("/api")
            faults += sum(tally.faults.values())
        if args.only != "api":
            tally = Tally(folder / "pages")
            try_pages(portal, half, number, tally)
            tally.say("pages")
            faults += sum(tally.faults.values())
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
