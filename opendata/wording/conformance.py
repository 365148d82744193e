"""What the indicators of the conformance desk ask, in words."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

INDICATORS: Mapping[str, str] = {
    "keyword": N_("It has keywords"),
    "keywords": N_("It has keywords"),
    "theme": N_("It has a theme"),
    "spatial": N_("It says which region it covers"),
    "spatialCoverage": N_("It says which region it covers"),
    "temporal": N_("It says which time it covers"),
    "temporalCoverage": N_("It says which time it covers"),
    "access-url": N_("It has data at an address that answers"),
    "download-url": N_("It has a file to download"),
    "download-url-answers": N_("The file can be downloaded"),
    "format": N_("The format of the file is named"),
    "media-type": N_("The media type of the file is named"),
    "vocabulary": N_("Format and media type are those of public lists"),
    "non-proprietary": N_("The format belongs to nobody"),
    "machine-readable": N_("Programs can read the format"),
    "dcat-ap": N_("It has all that DCAT-AP requires"),
    "licence": N_("It has a licence"),
    "license": N_("It has a licence"),
    "licence-vocabulary": N_("The licence is one of a public list"),
    "access-rights": N_("It says who may have the data"),
    "access-rights-vocabulary": N_("It says so with a word of a public list"),
    "contact-point": N_("It says where to ask"),
    "contactPoint": N_("It has an e-mail address for questions"),
    "publisher": N_("It names its publisher"),
    "rights": N_("It says on which condition the data may be used"),
    "byte-size": N_("The size of the file is known"),
    "issued": N_("It says when it was published first"),
    "modified": N_("It says when it changed last"),
    "title": N_("It has a title"),
    "name": N_("It has a title"),
    "description": N_("It has a description"),
    "identifier": N_("It has an identifier that stays"),
    "accessLevel": N_("It says who may have the data"),
    "distribution": N_("It has a file to download"),
    "version": N_("It has a version"),
    "cite-as": N_("It says under which address it is cited"),
    "describedby": N_("It links to its descriptions for programs"),
    "type": N_("It says what it is"),
    "item": N_("It links to its files"),
    "updateCycle": N_("It says how often it is updated"),
    "translation": N_("Its title is translated"),
    "columns": N_("Each column has a title or a description"),
}
"""Code of an indicator → what it asks."""
