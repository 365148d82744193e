"""The OpenSearch description: how a browser or program searches the catalogue.

Source: OpenSearch 1.1 (draft 6). A short name has at most 16 characters, a long one 48.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from opendata.domain.catalogue.addresses import Addresses

MEDIA_TYPE = "application/opensearchdescription+xml"
SHORTEST, LONGEST = 16, 48
_NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
_RESULTS = (
    ("text/html", "/datasets?q={searchTerms}", "results"),
    ("application/atom+xml", "/datasets.atom?q={searchTerms}", "results"),
    ("application/feed+json", "/datasets.feed.json?q={searchTerms}", "results"),
    ("application/json", "/api/v1/search?q={searchTerms}", "results"),
)


def write_description(addresses: Addresses, name: str, description: str, icon: str, language: str) -> bytes:
    """The description of the search of a portal in one language."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<OpenSearchDescription xmlns="{_NAMESPACE}">',
        f"<ShortName>{escape(name[:SHORTEST].strip())}</ShortName>",
        f"<LongName>{escape(name[:LONGEST].strip())}</LongName>",
        f"<Description>{escape(description[:1024])}</Description>",
        f'<Image type="image/svg+xml">{escape(icon)}</Image>',
        *(f'<Url type="{kind}" rel="{rel}" template={quoteattr(addresses.at(path))}/>' for kind, path, rel in _RESULTS),
        f'<Url type="{MEDIA_TYPE}" rel="self" template={quoteattr(addresses.at("/opensearch.xml"))}/>',
        f"<Language>{escape(language)}</Language>",
        "<InputEncoding>UTF-8</InputEncoding>",
        "<OutputEncoding>UTF-8</OutputEncoding>",
        "</OpenSearchDescription>",
    ]
    return ("\n".join(lines) + "\n").encode()
