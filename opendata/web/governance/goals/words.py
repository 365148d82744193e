"""What the goals and their layers are called, and what wins them."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

LAYERS: Mapping[str, str] = {
    "readiness": N_("Readiness"),
    "platform": N_("Platform"),
    "data": N_("Data"),
    "use": N_("Use"),
}

GOALS: Mapping[str, str] = {
    "grounds": N_("What isn't open says why, with its legal basis"),
    "contacts": N_("Each dataset names a contact"),
    "standards": N_("Standards of data are published as schemas"),
    "plan": N_("A public plan says what opens when"),
    "applications": N_("Applications for data are answered in time"),
    "requests": N_("Requests and questions are answered in time"),
    "corrections": N_("Reports of mistakes are answered in time"),
    "objections": N_("Objections are answered in time"),
    "updates": N_("Datasets are updated on time"),
    "domains": N_("The 26 domains of the basic catalogue have data"),
    "common": N_("What readers look for everywhere is there"),
    "gallery": N_("Uses of the data are shown"),
    "calls": N_("People were called to use the data"),
    "whole-catalogue": N_("The whole catalogue can be downloaded without signing in"),
    "no-sign-in": N_("Open data needs neither account nor form"),
    "preview": N_("Each table shows its rows and what is in its columns"),
    "search": N_("Names and values of columns are found, in Chinese and pinyin"),
    "feeds": N_("Changes can be followed"),
    "api": N_("Open data has an API without approval, in the same versions as the files"),
    "harvest": N_("Catalogues of other levels are exchanged"),
    "valid": N_("Open datasets have data"),
    "capacity": N_("Each table says how many rows and columns it has"),
    "whole": N_("No table is cut into pieces"),
    "volume": N_("Tables have at least ten rows"),
    "complete": N_("No column is mostly empty"),
    "formats": N_("Each table comes in several open formats with the same rows"),
    "native": N_("No table is a document poured into a grid"),
    "history": N_("All versions can be downloaded and compared"),
    "dictionary": N_("Each column is explained"),
    "licences": N_("Each dataset has a licence"),
    "usage": N_("Downloads are counted in public"),
    "citation": N_("Each version can be cited"),
}

PLACES: Mapping[str, str] = {
    "plan": "inventory_staff.list_items",
    "standards": "catalogue.list_schemas",
    "domains": "basics.show_coverage",
    "common": "inventory_staff.list_items",
    "gallery": "site_reuses.list_reuses",
    "calls": "site_staff.show_site",
}
"""The page on which a goal without a list is worked at."""
