"""What a mirror has of the portal: which views are pages, which are files, and with which addresses each part begins.

Everything else that is linked follows from the pages. What needs the program, such as queries, has no place here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from opendata.domain.manifest import Manifest
from opendata.services.core.editions.version_values import VersionView

LIST_PAGES = frozenset(
    {
        "basics.list_entries",
        "catalogue.list_datasets",
        "catalogue.list_publishers",
        "catalogue.list_schemas",
        "catalogue.list_versions",
        "catalogue.show_publisher",
        "conformance.show_overview",
        "harvests.list_portals",
        "harvests.show_portal",
        "inventory.show_inventory",
        "inventory.show_plan",
        "negative_list.show_list",
        "requests.list_requests",
        "site_reuses.list_reuses",
        "site_topics.show_column",
    }
)
"""Pages that may go on: each next page has an address of its own."""

SITE_PAGES = LIST_PAGES - {"catalogue.list_versions"} | {
    "basics.list_versions",
    "basics.show_coverage",
    "basics.show_entry",
    "basics.show_version",
    "catalogue.show_home",
    "catalogue.show_schema",
    "disclosure.show_disclosure",
    "documentation.show_group",
    "documentation.show_overview",
    "guide.show_accessibility",
    "guide.show_guide",
    "negative_list.show_version",
    "on_time.list_rules",
    "on_time.show_calendar",
    "on_time.show_on_time",
    "problem_pages.list_problems",
    "problem_pages.show_problem",
    "published_operation.list_reports",
    "published_operation.show_report",
    "published_reports.list_reports",
    "published_reports.show_report",
    "published_reports.show_whole",
    "requests.show_annual",
    "requests.show_request",
    "requests.show_statistics",
    "self_check_reports.list_reports",
    "self_check_reports.show_report",
    "site_disclosure.show_history",
    "site_disclosure.show_page",
    "site_disclosure.show_part",
    "site_public.show_sitemap",
    "site_public.show_statement",
    "site_reuses.show_reuse",
    "site_topics.list_calls",
    "site_topics.show_call",
    "words.list_words",
}

DATASET_PAGES = frozenset(
    {
        "catalogue.show_dataset",
        "catalogue.list_versions",
        "conformance.show_dataset",
        "differences.show_difference",
        "tables.show_table",
        "version_pages.show_version",
    }
)

SITE_FILES = frozenset(
    {
        "api-docs.openapi_json",
        "api_inventory.list_inventory",
        "api_negative_list.get_negative_list",
        "api_publishers.get_publisher",
        "api_requests.list_requests",
        "api_schemas.get_schema",
        "api_schemas.get_schema_version",
        "api_site.list_reuses",
        "assets.static",
        "basics.send_catalogue",
        "basics.send_coverage",
        "catalogue.lead_to_item",
        "catalogue.list_datasets_as_markdown",
        "catalogue.list_publishers_as_markdown",
        "catalogue.list_schemas_as_markdown",
        "catalogue.send_publishers",
        "catalogue.show_home_as_markdown",
        "catalogue.show_publisher_as_markdown",
        "catalogue.show_schema_as_markdown",
        "catalogue_tables.send_package",
        "catalogue_tables.send_table",
        "crawling.show_llms",
        "crawling.show_opensearch",
        "crawling.show_part",
        "crawling.show_robots",
        "crawling.show_sitemap",
        "data_json.send_first",
        "data_json.send_third",
        "dcat.send_catalogue",
        "downloads.send_schema",
        "exchange.send_library_workbook",
        "feeds.send_catalogue_feed",
        "feeds.send_catalogue_feed_as_json",
        "feeds.send_publisher_feed",
        "feeds.send_publisher_feed_as_json",
        "feeds.send_schema_feed",
        "feeds.send_schema_feed_as_json",
        "guide_metadata.send_workbook",
        "guide_metadata.stream_catalogue",
        "inventory.export_inventory",
        "inventory.export_plan",
        "negative_list.send_list",
        "on_time.send_on_time",
        "on_time.send_on_time_json",
        "on_time.send_year",
        "operations.show_keys",
        "operations.show_security_contact",
        "published_operation.send_report",
        "published_operation.send_reports",
        "published_reports.send_report",
        "published_reports.send_reports",
        "published_reports.send_whole",
        "requests.send_annual",
        "requests.send_board",
        "requests.send_feed",
        "requests.send_statistics",
        "site_public.send_file",
        "site_reuses.lead_to_rest",
        "site_reuses.send_feed",
    }
)

DATASET_FILES = frozenset(
    {
        "api_datasets.get_dataset",
        "api_versions.get_version",
        "catalogue.lead_to_versions",
        "catalogue.show_dataset_as_markdown",
        "conformance.send_badge",
        "contracts.send_contract",
        "croissant.send_croissant",
        "csvw.send_group",
        "csvw.send_table",
        "dcat.send_dataset",
        "dcat.send_version",
        "downloads.send_attachment",
        "downloads.send_citation",
        "downloads.send_manifest",
        "downloads.send_part",
        "downloads.send_report",
        "downloads.send_resource_schema",
        "downloads.send_signature",
        "downloads.send_suspension",
        "downloads.send_suspension_signature",
        "downloads.send_table",
        "downloads.send_tombstone",
        "downloads.send_tombstone_signature",
        "exchange.send_published_workbook",
        "feeds.send_dataset_feed",
        "feeds.send_dataset_feed_as_json",
        "guide_metadata.send_core",
        "signposts.send_dataset_links",
        "signposts.send_version_links",
    }
)

COLLECTIONS = {
    "api_datasets.list_datasets": "/api/v1/datasets",
    "api_publishers.list_publishers": "/api/v1/publishers",
    "api_schemas.list_schemas": "/api/v1/schemas",
    "api_versions.list_versions": "",
    "catalogue.lead_to_collection": "",
}
"""Documents that the portal gives page by page. Here each is one document."""

PROGRAM = {
    "asks for something that isn't known beforehand": """
        api_inside.* api_rows.* api_search.* api_sql.* charts.show_chart chart_files.* ckan_actions.*
        differences.choose_versions differences.send_rows downloads.send_package inside.* negative_list.show_differences
        api_negative_list.compare_negative_lists oai.* search_feeds.* sql.* table_document.*
    """,
    "is a form, or what follows one": """
        addresses.* grants.show_invitation joining.* recoveries.* request_following.* sessions.show_sign_in
        site_public.show_leave site_reuses.show_form site_reuses.show_thanks subscription_ending.* subscriptions.*
    """,
    "says how the program is": "operations.show_health operations.show_metrics operations.show_readiness site_status.*",
    "changes at any time": "api_usage.* api_webhooks.list_public_events duty_feeds.* api_site.get_status",
    "leads to an address that the mirror has": "ckan.* downloads.find_latest",
    "is a catalogue that clients ask step by step": "catalogue_tables.*_ducklake iceberg.*",
    "is a document of REST, of which the mirror has those of datasets, publishers, schemas, requests and reuses": """
        api_annual_reports.* api_basics.* api_clocks.* api_conformance.* api_datasets.list_announcements api_harvests.*
        api_inventory.download_inventory_* api_inventory.get_item api_inventory.list_plan
        api_negative_list.get_negative_list_version api_negative_list.list_negative_lists
        api_operation_reports.* api_self_checks.* api_site.get_column_datasets api_site.get_reuse api_site.get_site_page
        api_site.list_site_page_versions api_site.list_site_pages api_versions.get_resource
        api_versions.list_capabilities api_versions.list_resources api_workbench.list_schema_uses
    """,
    "is another form of a page that the mirror has": """
        basics.send_template catalogue.list_versions_as_markdown tables.show_table_as_markdown
        version_pages.show_version_as_markdown
    """,
    "is a record of the store, which copies of the store have": "operations.list_records operations.send_record",
}
"""Why the portal has a public view that a mirror lacks → the views, as patterns."""

TABLE_FORMATS = ("csv", "parquet")
"""The files of a table that a version consists of. Other formats are made from them when somebody asks."""

_SITE_SEEDS = (
    "/.well-known/opendata-keys.json",
    "/.well-known/security.txt",
    *(f"/catalog.{suffix}" for suffix in ("ttl", "xml", "jsonld", "nt", "gb.json", "gb.xml")),
    *("/data.json", "/dcat-us-3.json", "/datapackage.json", "/publishers.csv", "/inventory.csv"),
    *("/robots.txt", "/llms.txt", "/opensearch.xml", "/sitemap.xml", "/index.md", "/datasets.md"),
)

_FEEDS = ("/feed.atom", "/feed.json")

_DATASET_DOCUMENTS = (
    *(".json", ".ttl", ".xml", ".jsonld", ".nt", ".gb.json", ".gb.xml", ".linkset.json", ".md"),
    *("/versions.json", "/conformance.svg"),
)

_VERSION_DOCUMENTS = (
    *("datapackage.json", "datapackage.json.sig", "index.linkset.json"),
    *("citation.txt", "citation.bib", "citation.json", "croissant.json", "csv-metadata.json", "contract.odcs.yaml"),
    *("dcat.ttl", "dcat.xml", "dcat.jsonld", "dcat.nt"),
)

_FIXED = ("datapackage.json", "datapackage.json.sig", ".csv", ".parquet", ".schema.json", ".report.json")
"""How files of a version end whose bytes never change."""


_LATEST = tuple(f".{suffix}" for suffix in TABLE_FORMATS)


def list_site_files() -> Sequence[str]:
    """The files of the site that every mirror has, also where nothing links them."""
    return [*_SITE_SEEDS, *_FEEDS]


def list_collection_copies() -> Sequence[tuple[str, str]]:
    """The collections that have a second address: it, and the first."""
    return [(f"/{name}.json", f"/api/v1/{name}") for name in ("datasets", "publishers", "schemas")]


def is_fixed(path: str) -> bool:
    """Whether a file of a version never changes as long as anybody may have it."""
    return path.endswith(_FIXED) or "/files/" in path


def is_latest(rest: str) -> bool:
    """Whether the newest version has this file under `latest`; empty: its page."""
    return rest in ("", "datapackage.json", "datapackage.json.sig") or rest.endswith(_LATEST) or "files/" in rest


def list_dataset_files(dataset: str) -> Sequence[str]:
    """The documents of a dataset as a whole."""
    root = f"/datasets/{quote(dataset, safe='')}"
    return [
        f"/api/v1{root}",
        *(root + ending for ending in _DATASET_DOCUMENTS),
        *(root + feed for feed in _FEEDS),
    ]


def list_dataset_pages(dataset: str) -> Sequence[str]:
    """The pages of a dataset as a whole."""
    root = f"/datasets/{quote(dataset, safe='')}"
    return [root, f"{root}/versions", f"{root}/conformance"]


def list_version_files(dataset: str, version: VersionView, manifest: Manifest | None) -> Iterator[str]:
    """The files of a version; of one that isn't there to be read, the record that says so."""
    root = f"/datasets/{quote(dataset, safe='')}/{version.version}/"
    if manifest is None:
        name = "withdrawal.json" if version.withdrawal is not None else "suspension.json"
        yield from (root + name, root + name + ".sig")
        return
    yield from (root + name for name in _VERSION_DOCUMENTS)
    for table in manifest.tables:
        yield from (f"{root}{table.name}.{suffix}" for suffix in TABLE_FORMATS)
        yield from (f"{root}{table.name}.{name}" for name in ("schema.json", "report.json", "csv-metadata.json"))
    for item in manifest.attachments:
        yield f"{root}files/{quote(item.filename)}"
    yield f"/api/v1/datasets/{quote(dataset, safe='')}/versions/{version.version}"


def list_version_pages(dataset: str, version: VersionView, manifest: Manifest | None) -> Iterator[str]:
    """The pages of a version: its own, and one of each table."""
    root = f"/datasets/{quote(dataset, safe='')}/{version.version}/"
    yield root
    for table in manifest.tables if manifest is not None else ():
        yield f"{root}{table.name}"


def list_latest(dataset: str, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The files of the newest version under `latest`: the address, and where its bytes are."""
    root = f"/datasets/{quote(dataset, safe='')}"
    names = ["datapackage.json", "datapackage.json.sig"]
    names += [f"{table.name}.{suffix}" for table in manifest.tables for suffix in TABLE_FORMATS]
    names += [f"files/{quote(item.filename)}" for item in manifest.attachments]
    for name in names:
        yield f"{root}/latest/{name}", f"{root}/{manifest.version}/{name}"
