"""The page of a table: what is on show is what the address says, and each link changes one thing of it."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import DATASET
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, make_portal

CITIES = "code,name,name_en\n01,海口,Haikou\n02,三亚,Sanya\n"
CITY_SCHEMA = {
    "fields": [{"name": name, "type": "string"} for name in ("code", "name", "name_en")],
    "primaryKey": "code",
}
SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "city", "type": "string", "title": "城市"},
        {"name": "order", "type": "number", "title": "产值", "opendata": {"scale": 2, "unit": "t"}},
        {"name": "day", "type": "date"},
        {"name": "kind", "type": "string", "constraints": {"enum": ["a", "b,c"]}},
        {"name": "ok", "type": "boolean"},
        {"name": "note", "type": "string"},
        {"name": "seen", "type": "datetime"},
    ],
    "primaryKey": "id",
    "foreignKeys": [{"fields": "city", "reference": {"resource": "cities", "fields": "code"}}],
}
ROWS = 60
LONG = "字" * 300
PLACE = "/datasets/output/1.0.0/readings"


def write_rows() -> str:
    lines = ["id,city,order,day,kind,ok,note,seen"]
    for number in range(ROWS):
        amount = "" if number % 10 == 9 else f"{number * 1000}.50"
        kind = '"b,c"' if number % 3 == 0 else "a"
        note = LONG if number == 1 else "<b>" if number == 2 else f"n{number}"
        day = f"2026-{number % 12 + 1:02}-01"
        ok = "true" if number % 4 else "false"
        lines.append(f"{number},0{number % 2 + 1},{amount},{day},{kind},{ok},{note},{day}T08:00:00")
    return "\n".join(lines) + "\n"


def publish_tables(portal: Portal, dataset: str = "output") -> None:
    """A dataset of two tables, of which one has codes that the other names."""
    actor = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(
        actor, {**DATASET, "id": dataset, "title": "产值", "i18n": {"en": {"title": "Output"}}}
    )
    texts = {"cities": (CITIES, CITY_SCHEMA), "readings": (write_rows(), SCHEMA)}
    files = [UploadedFile(f"{name}.csv", io.BytesIO(text.encode())) for name, (text, _) in texts.items()]
    options = [ResourceOption(file=f"{name}.csv", name=name, schema=schema) for name, (_, schema) in texts.items()]
    draft = portal.services.drafts.create(actor, dataset, files, options)[0].id
    portal.work()
    portal.services.drafts.submit(actor, draft)
    portal.work()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with make_portal(tmp_path_factory.mktemp("tables")) as portal:
        publish_tables(portal)
        yield portal.client("en")


def ask(reader: FlaskClient, address: str, status: int = 200) -> str:
    answer = reader.get(address.partition("#")[0])
    assert answer.status_code == status, answer.text
    return answer.text


def list_numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row"[^>]*>(\d+)</th>', page)]


def find_link(page: str, pattern: str) -> str:
    """The address of the link whose text (without tags) matches."""
    for address, text in re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if re.search(pattern, " ".join(re.sub(r"<[^>]*>", " ", text).split())):
            return html.unescape(address)
    raise AssertionError(f"no link {pattern}")


def test_rows_are_shown_with_names_of_codes_missing_values_and_numbers_that_copy_as_they_are(
    reader: FlaskClient,
) -> None:
    page = ask(reader, PLACE)
    check_page(page)
    assert "All 60 rows" in page
    assert "Rows 1 to 50" in page
    assert '01 <span class="muted">Haikou</span>' in page
    assert '<span class="missing">(missing)</span>' in page
    assert '<td class="number">11<i></i>000.50</td>' in page
    assert '<td class="number">1<i></i>000.50</td>' in page
    assert "tonnes" in page
    assert "&lt;b&gt;" in page
    assert f"<summary>{LONG[:60]}…</summary>{LONG}</details>" in page
    assert "noindex" not in page
    leading = [link for link in re.findall(r"<a [^>]*>", page) if f"{PLACE}?" in link and "lang=" not in link]
    assert len(leading) >= 16 + 4
    assert not [link for link in leading if not re.search(r'rel="[^"]*nofollow', link)]


def test_sorting_and_filters_add_up_and_each_can_be_removed(reader: FlaskClient) -> None:
    page = ask(reader, f"{PLACE}?order__gte=20000&kind__exact=a&q=n&order_by=city%20DESC,%20%22order%22")
    found = [n for n in range(20, ROWS) if n % 3 and n % 10 != 9]
    assert f"3 filters, {len(found)} of 60 rows" in page
    assert [n - 1 for n in list_numbers(page)] == sorted(found, key=lambda n: (-(n % 2), n))
    assert 'aria-sort="descending"' in page
    fewer = ask(reader, find_link(page, "产值 is 20000 or more"))
    assert "2 filters" in fewer
    assert dict(parse_qsl(urlsplit(find_link(fewer, "^产值 .sort.")).query))["order_by"] == 'city DESC, "order" DESC'
    assert dict(parse_qsl(urlsplit(find_link(fewer, "^id .sort.")).query))["order_by"] == "id"
    assert 'data-also="' in fewer
    assert "order_by=city+DESC%2C+%22order%22%2C+id" in fewer


def test_a_form_leads_to_the_address_that_links_have(reader: FlaskClient) -> None:
    for sent, tidy in (
        ("q=&order__gte=5&order__lte=&column=order", "order__gte=5&column=order#column"),
        ("select=id&select=city", "select=id%2C+city#grid"),
        ("row=12&order_by=id", "order_by=id&offset=11#grid"),
        ("select=id&select=city&select=%22order%22&select=day&select=kind&select=ok&select=note&select=seen", "#grid"),
    ):
        answer = reader.get(f"{PLACE}?{sent}")
        assert (answer.status_code, answer.location) == (302, f"{PLACE}{'?' * (tidy[0] != '#')}{tidy}")
    assert list_numbers(ask(reader, f"{PLACE}?order_by=id&offset=11&limit=20")) == list(range(12, 32))


def test_pages_follow_each_other_by_cursor_there_and_back(reader: FlaskClient) -> None:
    first = ask(reader, f"{PLACE}?limit=35&order_by=kind&freeze=city")
    second = ask(reader, find_link(first, "Next page"))
    assert "frozen frozen-1" in second
    assert sorted([*list_numbers(first), *list_numbers(second)]) == list(range(1, ROWS + 1))
    assert list_numbers(ask(reader, find_link(second, "Previous page"))) == list_numbers(first)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("order__gte=abc&column=order", "“产值” needs a number, not “abc”"),
        ("where=citty%20=%20'01'", "Did you mean “city”?"),
        ("note__near=1&q=n5", "doesn&#39;t end with an operator"),
        ("cursor=nonsense", "isn&#39;t one of ours"),
        ("column=citty", "Did you mean “city”?"),
        ("row=x", "Enter the number of a row"),
        ("limit=501", "shows at most 500 rows"),
        ("q=a%00", "A NUL character"),
        ("limit=0", "“limit” must be a number from 1"),
    ],
)
def test_what_cannot_be_shown_is_said_above_the_grid_and_the_forms_stay(
    reader: FlaskClient, query: str, said: str
) -> None:
    page = ask(reader, f"{PLACE}?{query}", 400)
    assert said in page
    assert 'id="search-table"' in page
    assert 'value="abc"' in page or "abc" not in query
    assert 'value="n5"' in page or "n5" not in query


def test_a_column_tells_what_is_in_it_and_each_bar_and_value_filters(reader: FlaskClient) -> None:
    page = ask(reader, f"{PLACE}?day__lt=2026-07-01&column=order")
    check_page(page)
    rows = [n for n in range(ROWS) if n % 12 < 6]
    values = [n * 1000 + 0.5 for n in rows if n % 10 != 9]
    assert f"{len(rows) - len(values)} (" in page
    assert f"{sum(values) / len(values):,.3f}".rstrip("0") in page
    bars = re.findall(r'<span class="bar-count">(\d+)</span>', page)
    assert sum(map(int, bars)) == len(values)
    (second,) = re.findall(r'<a href="([^"]*order__lt=[^"]*)"', page)[1:2]
    assert f"3 filters, {bars[1]} of 60 rows" in ask(reader, html.unescape(second))
    kinds = ask(reader, f"{PLACE}?kind__exact=a&column=kind")
    assert '<span aria-hidden="true">✓ </span>a' in kinds
    assert f"1 filter, {len(range(0, ROWS, 3))} of 60 rows" in ask(reader, find_link(kinds, "b,c"))
    moments = ask(reader, f"{PLACE}?id__lt=30&column=seen")
    assert sum(map(int, re.findall(r'seen__lt=[^>]*>.*?"bar-count">(\d+)<', moments))) == 30
    cities = ask(reader, f"{PLACE}?city__exact=01&column=city")
    assert find_link(cities, "✓ 01 Haikou 30") == f"{PLACE}?column=city#grid"
    assert "city__in=01%2C02" in find_link(cities, "^02 Sanya 30")


def test_columns_are_hidden_and_what_is_taken_is_what_is_seen(reader: FlaskClient) -> None:
    page = ask(reader, f"{PLACE}?column=note&ok__exact=false&order_by=id%20DESC&limit=20")
    page = ask(reader, find_link(page, "Hide this column"))
    assert "7 of 8 columns" in page
    wanted = "select=id%2C+city%2C+%22order%22%2C+day%2C+kind%2C+ok%2C+seen&ok__exact=false&order_by=id+DESC"
    rows = f"/api/v1{PLACE}/rows"
    assert find_link(page, "^CSV$") == f"{rows}.csv?{wanted}"
    taken = reader.get(find_link(page, "^CSV$"))
    assert taken.status_code == 200
    assert [int(line.partition(",")[0]) + 1 for line in taken.text.splitlines()[1:]] == list_numbers(page)
    assert "note" not in taken.text.splitlines()[0]
    assert reader.get(find_link(page, "REST answer")).json["hash"] in page
    assert find_link(page, "REST answer") == f"{rows}?{wanted}&limit=20"
    assert find_link(page, "Draw a chart") == f"{PLACE}/chart?ok__exact=false"
    assert reader.get(find_link(page, "Draw a chart")).status_code == 200
    cited = html.unescape(re.findall(r'id="cite".*?<code>(.*?)</code>', page, re.DOTALL)[0])
    assert f"http://localhost{PLACE}?{wanted}&limit=20&edition=1\n" in cited
    assert len(re.findall(r"sha256:[0-9a-f]{64}", cited)) >= 2
    program = reader.get(f"{PLACE}?id__lt=5", headers={"Accept": "application/json"})
    assert (program.status_code, program.location) == (302, f"{rows}?id__lt=5&limit=50")
    assert "Accept" in program.headers["Vary"]
    assert reader.get("/datasets/output/latest/readings?q=n5").location == f"{PLACE}?q=n5"
    assert reader.get("/datasets/output/1.0.0/nothing").status_code == 404


def test_rows_that_are_summed_up_are_shown_as_such(reader: FlaskClient) -> None:
    page = ask(reader, f"{PLACE}?group_by=city&select=city,%20count(*)%20AS%20n&order_by=n")
    assert "2 summed-up rows" in page
    assert '<td class="number">30</td>' in page
    assert "row-number" not in page


def test_public_tables_are_asked_in_sql_with_examples_that_run(reader: FlaskClient) -> None:
    page = ask(reader, "/sql")
    assert "&#34;output&#34;.&#34;readings&#34;" in page
    check_page(page)
    examples = re.findall(r'<li><a href="(/sql\?[^"]*)"', page)
    assert len(examples) == 2
    answers = [ask(reader, html.unescape(address)) for address in examples]
    assert '<td class="short">Haikou</td>' not in answers[0]
    assert "海口" in answers[1]
    assert "/api/v1/sql.csv?q=SELECT" in answers[1]
    assert "sha256:" in answers[1]
    wrong = ask(reader, "/sql?q=SELECT%20nme%0D%0AFROM%20%22output%22.%22citties%22", 400)
    check_page(wrong)
    assert "There is no public table" in wrong
    assert "FROM <mark>&#34;output&#34;</mark>" in wrong
