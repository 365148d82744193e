"""What the portal is, and where its data, its catalogue and its calls are, for programs that read texts.

Source: llmstxt.org: a heading, a quotation, then sections with lists of links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.errors import N_
from opendata.exchange.core.texts import choose_text
from opendata.wording.voice import Voice, voice_of

MEDIA_TYPE = "text/markdown"

_Links = Sequence[tuple[str, str]]

_CATALOGUE: _Links = (
    ("/data.json", N_("all datasets as DCAT-US 1.1, with the addresses of their files")),
    ("/dcat-us-3.json", N_("all datasets as DCAT-US 3.0")),
    ("/catalog.ttl", N_("all datasets as DCAT-AP in Turtle")),
    ("/catalog.jsonld", N_("all datasets as DCAT-AP in JSON-LD")),
    ("/datapackage.json", N_("the catalogue as tables: datasets, resources, columns, publishers")),
    ("/sitemap.xml", N_("the address of each page, with the time of its last change")),
    ("/feed.json", N_("the newest versions as JSON Feed; as Atom at /feed.atom")),
    ("/oai", N_("OAI-PMH 2.0")),
)
_DATASET: _Links = (
    ("/datasets/{dataset}.md", N_("the page of a dataset as Markdown: what it is about, tables, licence")),
    ("/datasets/{dataset}.jsonld", N_("the same as DCAT-AP")),
    ("/datasets/{dataset}/latest/", N_("leads to the newest version, with the rest of the address")),
    ("/datasets/{dataset}/{version}/datapackage.json", N_("each file of a version with its size and SHA-256")),
    ("/datasets/{dataset}/{version}/{table}.csv", N_("a table: CSV in UTF-8; also .parquet, .xlsx, .json, .jsonl")),
    ("/datasets/{dataset}/{version}/{table}.schema.json", N_("what each column means: Table Schema")),
    ("/datasets/{dataset}/{version}/croissant.json", N_("Croissant, for machine learning")),
    ("/datasets/{dataset}/{version}/citation.txt", N_("how to cite a version")),
)
_CALLS: _Links = (
    ("/api/v1/openapi.json", N_("the REST API as OpenAPI 3.1; to read at /api/docs")),
    ("/api/v1/search?q={words}", N_("finds datasets")),
    ("/api/v1/datasets/{dataset}/{version}/{table}/rows", N_("rows of a table with filters, order and totals")),
    ("/api/v1/sql?q={statement}", N_("answers one SELECT over published tables")),
    ("/mcp", N_("Model Context Protocol: the same as tools for assistants")),
    ("/api/3/action/package_search", N_("the CKAN Action API, read side")),
)
_PAGES: _Links = (
    ("/datasets.md", N_("all datasets")),
    ("/publishers.md", N_("all publishers")),
    ("/schemas.md", N_("the library of schemas")),
)


def write_document(
    addresses: Addresses, portal: Portal, language: str, *, counts: tuple[int, int], has: Callable[[str], bool]
) -> str:
    """The document in one language. `counts` are datasets and publishers; `has` says whether the portal has a path."""
    voice = voice_of(language)
    name = choose_text(portal.names, language, portal.language)
    organiser = choose_text(portal.organiser, language, portal.language) or name
    datasets, publishers = counts
    text = N_("Open data of %(organiser)s, free to download. Datasets: %(datasets)s. Publishers: %(publishers)s.")
    said = voice.say(text, organiser=organiser, datasets=datasets, publishers=publishers)
    blocks = [f"# {_clean(name)}", f"> {_clean(said)}"]
    about = _clean(choose_text(portal.description, language, portal.language))
    blocks += [about] if about else []
    blocks.append("\n".join(f"- {voice.translate(rule)}" for rule in _RULES))
    for title, links in (
        (N_("All of it at once"), _CATALOGUE),
        (N_("Of each dataset"), _DATASET),
        (N_("Calls"), _CALLS),
        (N_("Pages as Markdown"), _PAGES),
    ):
        lines = list(_list_links(links, addresses, voice, has))
        if lines:
            blocks.append(f"## {voice.translate(title)}")
            blocks.append("\n".join(lines))
    others = [other for other in portal.languages if other != language]
    if others:
        blocks.append("## Optional")
        blocks.append(
            "\n".join(f"- [llms.txt ({other})]({addresses.at(f'/llms.txt?lang={other}')})" for other in others)
        )
    return "\n\n".join(blocks) + "\n"


_RULES = (
    N_("For all of the data take the files: they have no limit of requests. Pages of searches and queries have one."),
    N_("A version never changes and has a number. Cite it with the number; `latest` leads to the newest one."),
    N_("Each table was checked by its schema. Units, codes and missing values are stated there, so don't guess them."),
    N_("Each dataset names its licence. What isn't open has an entry with the reason, and no data."),
    N_("Pages of datasets, publishers and schemas answer `Accept: text/markdown`, and have an address with `.md`."),
)


def _list_links(links: _Links, addresses: Addresses, voice: Voice, has: Callable[[str], bool]) -> Iterator[str]:
    for path, text in links:
        if has(path):
            address = addresses.at(path)
            yield f"- [{path}]({address}): {voice.translate(text)}"


def _clean(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())
