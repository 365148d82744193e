"""The pages that maintainers keep, in words: their kinds, their fields, what a status says."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.site.budgets import BudgetKind, Level
from opendata.domain.site.calls import CallState
from opendata.domain.site.kinds import Grouping, PageKind
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.errors import N_

KIND_NAMES: Mapping[PageKind, str] = {
    PageKind.IDENTITY: N_("Name of the site, header and footer"),
    PageKind.GUIDE: N_("Guide to disclosure"),
    PageKind.RULES: N_("Rules of disclosure"),
    PageKind.CONTENT: N_("Content disclosed by law"),
    PageKind.REPORT: N_("Annual reports on disclosure"),
    PageKind.COLUMN: N_("Key-domain columns"),
    PageKind.CALL: N_("Contests and calls"),
    PageKind.INCIDENT: N_("Incidents"),
}

KIND_PURPOSES: Mapping[PageKind, str] = {
    PageKind.IDENTITY: N_("Who runs the site, with the numbers and marks that site rules ask for"),
    PageKind.GUIDE: N_("How information is arranged, how to get it, and whom to ask"),
    PageKind.RULES: N_("The laws and rules that disclosure follows"),
    PageKind.CONTENT: N_("What must be disclosed without being asked for"),
    PageKind.REPORT: N_("What was disclosed each year, and how requests were answered"),
    PageKind.COLUMN: N_("Datasets of a subject together on one page, such as budgets"),
    PageKind.CALL: N_("What people are asked to make of the data, and until when"),
    PageKind.INCIDENT: N_("What didn't work, from when to when"),
}

FIELD_LABELS: Mapping[str, tuple[str, str]] = {
    "title": (N_("Title"), ""),
    "body": (N_("Text"), N_("Markdown: “#” begins a heading, “-” an item of a list.")),
    "files": (N_("Attachments"), N_("PDF or Excel (XLSX), at most 20 MB each.")),
    "name": (N_("Name of the site"), N_("If you leave it empty, the name from the settings of the operator is shown.")),
    "logo": (N_("Logo"), N_("SVG or PNG, at most 512 kB. Only what draws is kept of it.")),
    "organiser": (N_("Sponsor"), N_("The office that is responsible for the site.")),
    "operator": (N_("Operated by"), N_("The office or company that runs it.")),
    "telephone": (N_("Telephone"), ""),
    "address": (N_("Address"), ""),
    "siteCode": (N_("Site identification code"), N_("Ten characters. The first six are the code of the area.")),
    "icp": (N_("ICP filing number"), N_("For example: 豫ICP备05000001号-1")),
    "police": (N_("Filing number of the public security office"), N_("For example: 豫公网安备41010502000001号")),
    "policeLink": (N_("Address of this filing"), N_("The page that the public security office gave you.")),
    "markLink": (
        N_("Address of the mark of a party or government site"),
        N_("The page about your site at the office that gives the marks."),
    ),
    "errorLink": (
        N_("Address at which people report errors on government sites"),
        N_("The address of 我为政府网站找错 with the code of your site."),
    ),
    "copyright": (N_("Line about copyright"), N_("One line at the end of each page.")),
    "statement": (N_("Copyright and privacy"), N_("A page of its own, in Markdown. Each page links to it.")),
    "ipv6": (N_("This site supports IPv6"), N_("Say so only if the site and all its files can be reached over IPv6.")),
    "ownSites": (
        N_("Own sites"),
        N_("One domain on each line. Before links to other sites, a page names where they lead. Empty means: gov.cn"),
    ),
    "themes": (N_("Themes"), N_("One on each line, written as in the datasets. A dataset needs one of them.")),
    "keywords": (N_("Keywords"), N_("One on each line. A dataset needs one of them.")),
    "publishers": (N_("Publishers"), N_("One id on each line. A dataset needs one of them.")),
    "grouping": (
        N_("Arrangement"),
        N_("For budgets, datasets need the code of their area, the time they cover, and the keyword 预算 or 决算."),
    ),
    "begins": (N_("First day"), ""),
    "ends": (N_("Last day"), ""),
    "decided": (N_("Day of the results"), N_("From this day on, the results are shown.")),
    "conditions": (N_("Conditions"), N_("Who may take part, and how it is judged. In Markdown.")),
    "results": (N_("Results"), N_("In Markdown. Empty until they are known.")),
    "datasets": (N_("Datasets"), N_("One id on each line.")),
    "begun": (N_("Began"), N_("Date and time, such as 2026-12-31 09:30")),
    "ended": (N_("Ended"), N_("Empty while it lasts.")),
}
"""Field → its label and a hint."""

GROUPING_NAMES: Mapping[Grouping, str] = {
    Grouping.NONE: N_("As one list, newest first"),
    Grouping.PUBLISHER: N_("By publisher"),
    Grouping.YEAR: N_("By year"),
    Grouping.THEME: N_("By theme"),
    Grouping.BUDGET: N_("Budgets: by level of government, department, year, budget or final accounts"),
}

HEADINGS: Mapping[str, str] = {
    Level.NATION: N_("National level"),
    Level.PROVINCE: N_("Provincial level"),
    Level.CITY: N_("City level"),
    Level.COUNTY: N_("County level"),
    Level.TOWN: N_("Township level"),
    BudgetKind.BUDGET: N_("Budget"),
    BudgetKind.ACCOUNTS: N_("Final accounts"),
}
"""The headings of a budget column that are codes."""

MISSING_HEADINGS: Mapping[str, str] = {
    "level": N_("Level of government not stated"),
    "year": N_("Year not stated"),
    "kind": N_("Budget or final accounts: not stated"),
    "theme": N_("Theme not stated"),
}
"""What a column is arranged by → the heading of what the metadata don't say."""

CALL_STATES: Mapping[CallState, str] = {
    CallState.ANNOUNCED: N_("announced"),
    CallState.OPEN: N_("open for entries"),
    CallState.CLOSED: N_("entries closed"),
    CallState.RESULTS: N_("results published"),
}

REUSE_STATES: Mapping[ReuseState, str] = {
    ReuseState.WAITING: N_("waiting"),
    ReuseState.APPROVED: N_("shown"),
    ReuseState.REFUSED: N_("refused"),
}

LINK_STATES: Mapping[LinkState, str] = {
    LinkState.UNCHECKED: N_("not checked yet"),
    LinkState.ALIVE: N_("answers"),
    LinkState.FAILING: N_("doesn't answer"),
    LinkState.DEAD: N_("dead"),
}

PART_NAMES: Mapping[str, str] = {
    "database": N_("Database"),
    "stores": N_("Stores of files"),
    "queue": N_("Queue"),
    "worker": N_("Background work"),
    "search": N_("Search"),
    "mail": N_("Mail"),
    "damaged": N_("Damaged files"),
    "blobs": N_("Check of files by turns"),
    "links": N_("Links"),
    "calendar": N_("Calendar of working days"),
}
"""Part of the status page → its name."""
