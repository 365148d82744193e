"""The samples as a mirror that nginx serves, with the portal gone: links, files, languages, search, verification."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin

import pytest
import requests

from opendata.settings import Settings
from opendata.wiring import build_services
from tests.clients.conftest import run_command
from tests.mirror.serving import LIVE, list_files, serve_mirror, write_mirror
from tests.servers import CHECKOUT

pytestmark = pytest.mark.slow

_LINK = re.compile(r'\s(?:href|src|action)="([^"]*)"')
_MOST_BYTES = 200_000


@dataclass(frozen=True)
class Copy:
    """A mirror: where its files are, and where nginx serves them."""

    folder: Path
    address: str


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The samples of the demo, mirrored by the command; the instance is deleted before anything is served."""
    folder = tmp_path_factory.mktemp("mirror")
    home = folder / "instance"
    run_command(home, "demo", "--no-serve")
    run_command(home, "mirror", str(folder / "copy"), "--url", LIVE)
    services = build_services(Settings(home=home))
    before = list_files(folder / "copy")
    again = write_mirror(services, folder / "copy")
    services.database.dispose()
    assert (again.written, again.deleted, again.datasets) == (0, 0, 0)
    assert list_files(folder / "copy") == before
    shutil.rmtree(home)
    with serve_mirror(folder / "copy", folder / "nginx") as address:
        yield Copy(folder / "copy", address)


def test_every_link_of_every_page_answers(copy: Copy) -> None:
    session = requests.Session()
    files = [key for key in list_files(copy.folder) if key.rpartition("/")[2] == "index.html"]
    waiting, pages = [f"/{quote(key.removesuffix('index.html'))}" for key in files], 0
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        answer = session.get(copy.address + path, timeout=30)
        assert answer.status_code == 200, path
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        pages += 1
        for value in _LINK.findall(answer.text):
            link = urldefrag(urljoin(copy.address + path, unescape(value)))[0]
            if link.startswith(copy.address) and (found := link.removeprefix(copy.address)) not in seen:
                seen.add(found)
                waiting.append(found)
    assert pages > len(files) > 500


def test_a_page_says_where_the_live_portal_is_and_leaves_nothing_that_needs_it(copy: Copy) -> None:
    page = requests.get(f"{copy.address}/datasets/ethnic-groups", timeout=30).text
    assert 'action="/datasets"' in page
    assert "/not-here/#/sign-in" in page
    assert LIVE in requests.get(f"{copy.address}/not-here/", timeout=30).text
    missing = requests.get(f"{copy.address}/sql", timeout=30)
    assert missing.status_code == 404
    assert LIVE in missing.text
    assert 'method="post"' not in "".join(file.read_text(encoding="utf-8") for file in copy.folder.rglob("index.html"))


@pytest.mark.parametrize("path", ["/", "/datasets", "/datasets/ethnic-groups/1.0.0/", "/not-here/"])
def test_a_page_has_two_languages_under_two_addresses(copy: Copy, path: str) -> None:
    found = [requests.get(copy.address + item, timeout=30).text for item in (path, f"{path}?lang=en", f"/en{path}")]
    assert [re.search(r'<html lang="([a-zA-Z-]+)"', page)[1] for page in found] == ["zh-Hans-CN", "en", "en"]  # type: ignore[index]
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/datasets/ethnic-groups/1.0.0/groups.csv", "text/csv; charset=utf-8"),
        ("/datasets/ethnic-groups/latest/groups.csv", "text/csv; charset=utf-8"),
        ("/datasets/ethnic-groups/1.0.0/groups.parquet", "application/vnd.apache.parquet"),
        ("/datasets/ethnic-groups.ttl", "text/turtle; charset=utf-8"),
        ("/catalog.jsonld", "application/ld+json"),
        ("/data.json", "application/json"),
        ("/feed.atom", "application/atom+xml"),
        ("/en/feed.atom", "application/atom+xml"),
        ("/api/v1/datasets", "application/json"),
        ("/api/v1/datasets/ethnic-groups", "application/json"),
        ("/api/v1/datasets/ethnic-groups/versions/1.0.0", "application/json"),
        ("/datasets.json", "application/json"),
        ("/sitemap.xml", "application/xml"),
        ("/llms.txt", "text/plain; charset=utf-8"),
        ("/.well-known/opendata-keys.json", "application/json"),
    ],
)
def test_a_file_has_its_media_type(copy: Copy, path: str, kind: str) -> None:
    answer = requests.get(copy.address + path, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_is_sent_what_the_mirror_keeps_for_itself(copy: Copy) -> None:
    assert (copy.folder / ".mirror/journal.sqlite").is_file()
    for path in ("/.mirror/journal.sqlite", "/.mirror/mirror.json", "/en/../.mirror/mirror.json"):
        assert requests.get(copy.address + path, timeout=30).status_code == 404


def test_a_part_of_a_file_can_be_asked_for(copy: Copy) -> None:
    path = "/datasets/ethnic-groups/1.0.0/groups.parquet"
    answer = requests.get(copy.address + path, headers={"Range": "bytes=0-3"}, timeout=30)
    assert (answer.status_code, answer.content) == (206, b"PAR1")


def test_the_mirror_is_verified_in_its_folder_and_over_http(copy: Copy, tmp_path: Path) -> None:
    for target in (str(copy.folder), copy.address):
        found = json.loads(run_command(tmp_path, "verify", target, "--json", "--remember", str(tmp_path / "seen")))
        assert (found["datasets"], found["valid"], found["versions"]) == (16, True, 16)
        assert found["files"] > 60


@pytest.mark.parametrize("name", ["groups.csv", "groups.parquet", "datapackage.json", "datapackage.json.sig"])
def test_a_byte_that_was_changed_is_found(copy: Copy, tmp_path: Path, name: str) -> None:
    shutil.copytree(copy.folder, tmp_path / "copy", copy_function=shutil.copyfile)
    file = tmp_path / "copy/datasets/ethnic-groups/1.0.0" / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    text = run_command(tmp_path, "verify", str(tmp_path / "copy"), "--json", "--remember", str(tmp_path / "m"), ok=(1,))
    assert all(item["where"].startswith("ethnic-groups@1.0.0") for item in json.loads(text)["findings"])


def test_the_script_cuts_words_as_the_index_does(copy: Copy, tmp_path: Path) -> None:
    from opendata.mirror.searching import hash_word, list_terms, read_shard

    node = shutil.which("node")
    if node is None:
        pytest.skip("node: it runs the script")
    texts = ["水库水位 Water levels", "水庫", "２０２０年ABC", "GDP（亿元）", "class_name gas s", "ＡＢＣ々〇一"]
    script = (CHECKOUT / "opendata/web/static/mirror.js").read_text(encoding="utf-8")
    head = """
        const meta = {content: JSON.stringify({prefix: "", live: "", texts: {}})};
        globalThis.document = {querySelector: (s) => s.startsWith("meta") ? meta : null, querySelectorAll: () => [],
                               documentElement: {lang: "zh"}};
        globalThis.location = {pathname: "/", search: "", hash: ""};
        let loaded = 0;
        globalThis.fetch = ((real) => async (path) => {
            const answer = await real(ADDRESS + path);
            const data = await answer.arrayBuffer();
            loaded += data.byteLength;
            return new Response(data, {status: answer.status});
        })(globalThis.fetch);
    """.replace("ADDRESS", json.dumps(copy.address))
    foot = """
        const texts = TEXTS, found = {};
        found.terms = await Promise.all(texts.map(async (text) => listTerms(await fold(text))));
        found.hashes = found.terms.flat().map(hashWord);
        loaded = 0;
        found.results = (await search("水質")).found;
        found.loaded = loaded;
        console.log(JSON.stringify(found));
    """.replace("TEXTS", json.dumps(texts))
    (tmp_path / "script.mjs").write_text(head + script + foot, encoding="utf-8")
    done = subprocess.run([node, str(tmp_path / "script.mjs")], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    terms = [list(dict.fromkeys(list_terms(text))) for text in texts]
    assert found["terms"] == terms
    assert found["hashes"] == [hash_word(word) for words in terms for word in words]
    shards = json.loads((copy.folder / "mirror/search/index.json").read_bytes())["shards"]
    data = (copy.folder / f"mirror/search/shards/{hash_word('水质') % shards}.bin").read_bytes()
    assert sorted(found["results"]) == [number for number, _ in read_shard(data)["水质"]]
    assert found["results"]
    assert found["loaded"] < _MOST_BYTES
