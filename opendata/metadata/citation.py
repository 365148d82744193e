"""How a version is cited: as a sentence, as BibTeX and as CSL JSON.

What identifies a version is its address, which stays; the dataset's UUID with the number, which stays even where the
address does not; and the SHA-256 of its manifest, which proves what was cited. Sources: DataCite's recommended form of
a citation, GB/T 7714-2015 (sections 4.6 and 8) for Chinese, BibTeX with biblatex's `@dataset`, CSL-JSON 1.0.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from opendata.domain.manifest import Manifest
from opendata.domain.texts import Contributor, I18n

_CREATORS = frozenset({"creator", "author"})
_TAGS = {"zh": "zh-CN", "en": "en"}
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # Not `\{`: BibTeX counts braces without looking at what comes before them.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{letter: f"\\{letter}" for letter in "#$%&_"},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What is cited. `key` is the name by which a document refers to it; `identifier` and `digest` are URI and hash.

    `language` is the one the texts were chosen for, `issued` the day of publication where the portal is. The period of
    the edition is part of the title.
    """

    key: str
    creators: Sequence[str]
    title: str
    version: str
    publisher: str
    issued: date
    address: str
    identifier: str
    digest: str
    language: str


def identify_version(uuid: str, version: str) -> str:
    """A URI of a version that stays whatever the dataset is called and wherever the portal is."""
    return f"urn:uuid:{uuid}@{version}"


def build_citation(
    manifest: Manifest, sha256: str, address: str, *, language: str, default: str, zone: tzinfo
) -> Citation:
    """The citation of a version in a language; `default` is the one of the manifest's own texts.

    `sha256` is that of the manifest, hexadecimal; `address` the absolute URL of the version's page.
    """
    named = manifest.publisher
    publisher = _say(named.get("title"), named.get("i18n"), language, default) or named["id"]
    creators = [
        publisher if name == named.get("title") else name for name in _list_creators(manifest.metadata.contributors)
    ]  # a contributor has a name in one language, the publisher in several
    return Citation(
        key=f"{manifest.name}-{manifest.version}",
        creators=tuple(creators) or (publisher,),
        title=_add_period(_say(manifest.title, manifest.i18n, language, default) or manifest.name, manifest, language),
        version=manifest.version,
        publisher=publisher,
        issued=manifest.created.astimezone(zone).date(),
        address=address,
        identifier=identify_version(manifest.uuid, manifest.version),
        digest=f"sha256:{sha256}",
        language=language,
    )


def write_sentence(cited: Citation) -> str:
    """The citation as people write it: by GB/T 7714 in Chinese, by DataCite in all other languages."""
    year = cited.issued.year
    parts: tuple[str, ...]
    if cited.language == "zh":
        # The place of publication is not known, and may be left out of what is only in the network.
        edition = f"{cited.publisher}, {year} ({cited.issued.isoformat()})"
        parts = (", ".join(cited.creators), f"{cited.title}[DS/OL]", f"{cited.version} 版", edition)
    else:
        head = f"{'; '.join(cited.creators)} ({year})"
        parts = (head, cited.title, f"Version {cited.version}", cited.publisher, "[Dataset]")
    ended = (f"{part.rstrip('.。')}. " for part in parts)
    return f"{''.join(ended)}{cited.address} ({cited.identifier}, {cited.digest})"


def write_bibtex(cited: Citation) -> str:
    """The citation as a BibTeX entry. Names and title have braces of their own: no style takes them apart."""
    fields = {
        "author": " and ".join(f"{{{_escape(name)}}}" for name in cited.creators),
        "title": f"{{{_escape(cited.title)}}}",
        "year": str(cited.issued.year),
        "version": cited.version,
        "publisher": f"{{{_escape(cited.publisher)}}}",
        "url": _quote_address(cited.address),
        "note": f"{cited.digest}, {cited.identifier}",
    }
    lines = "".join(f"  {name:<9} = {{{value}}},\n" for name, value in fields.items())
    return f"@dataset{{{cited.key},\n{lines}}}\n"


def write_csl_json(cited: Citation) -> str:
    """The citation as CSL JSON: a list of one item, as the schema wants it."""
    item = {
        "id": cited.key,
        "type": "dataset",
        "title": cited.title,
        "author": [{"literal": name} for name in cited.creators],
        "issued": {"date-parts": [[cited.issued.year, cited.issued.month, cited.issued.day]]},
        "version": cited.version,
        "publisher": cited.publisher,
        "URL": cited.address,
        "note": f"{cited.digest}, {cited.identifier}",
        "language": _TAGS.get(cited.language, cited.language),
    }
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _list_creators(contributors: Sequence[Contributor]) -> Iterator[str]:
    """The names of the contributors whose role makes them creators; if there are none, the publisher is cited."""
    for item in contributors:
        roles = [item.get("role"), *(item.get("roles") or ())]
        title = item.get("title")
        if title and any(isinstance(role, str) and role in _CREATORS for role in roles):
            yield _join_lines(title)


def _add_period(title: str, manifest: Manifest, language: str) -> str:
    """The title with the period as other information about it, as each standard separates that."""
    separator = "：" if language == "zh" else ", "
    return f"{title}{separator}{manifest.period}" if manifest.period else title


def _say(title: str | None, i18n: I18n | None, language: str, default: str) -> str:
    """A title in a language if it is given in it."""
    found = ((i18n or {}).get(language) or {}).get("title") if language != default else None
    return _join_lines(found or title or "")


def _join_lines(text: object) -> str:
    return " ".join(str(text).split())


def _escape(text: str) -> str:
    return text.translate(_LATEX)


def _quote_address(address: str) -> str:
    """An address for `url`, which BibTeX reads verbatim: braces and backslashes are percent-encoded."""
    return address.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D")
