"""The annual report on disclosure in words: its parts, its tables, and texts from what the portal knows."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.reports.annual import Amount, Disclosed, Dispute, DisputeResult, Part
from opendata.domain.reports.facts import AnnualFacts
from opendata.domain.requests.annual import ALL
from opendata.errors import N_
from opendata.wording.voice import Voice

PART_NAMES: Mapping[str, str] = {
    Part.GENERAL: N_("I. General situation"),
    Part.PROACTIVE: N_("II. Proactive disclosure of government information"),
    Part.REQUESTS: N_("III. Applications for government information received and handled"),
    Part.DISPUTES: N_("IV. Administrative reviews and lawsuits because of disclosure"),
    Part.PROBLEMS: N_("V. Main problems and improvements"),
    Part.OTHER: N_("VI. Other matters to be reported"),
}
"""Part of the report → its heading."""

PART_HINTS: Mapping[str, str] = {
    Part.GENERAL: N_("What was disclosed, applied for, managed and supervised in the year. In Markdown."),
    Part.PROBLEMS: N_("What went wrong, and what is done about it. In Markdown."),
    Part.OTHER: N_("Fees charged for handling information, and whatever else is to be reported. In Markdown."),
}
"""Part that consists of a text → what belongs there."""

BLOCK_NAMES: Mapping[int, str] = {
    1: N_("Article 20, item 1"),
    5: N_("Article 20, item 5"),
    6: N_("Article 20, item 6"),
    8: N_("Article 20, item 8"),
}
"""Item of article 20 of the Regulations → its heading in table 2."""

DISCLOSED_NAMES: Mapping[str, str] = {
    Disclosed.REGULATIONS: N_("Regulations"),
    Disclosed.NORMATIVE: N_("Administrative normative documents"),
    Disclosed.LICENCES: N_("Administrative licences"),
    Disclosed.PENALTIES: N_("Administrative penalties"),
    Disclosed.COERCION: N_("Administrative coercive measures"),
    Disclosed.FEES: N_("Administrative fees"),
}
"""Row of table 2 → its name."""

AMOUNT_NAMES: Mapping[str, str] = {
    Amount.MADE: N_("Made in the year"),
    Amount.REPEALED: N_("Repealed in the year"),
    Amount.IN_FORCE: N_("Number in force"),
    Amount.DECIDED: N_("Decisions in the year"),
    Amount.CHARGED: N_("Charged in the year (10,000 yuan)"),
}
"""What table 2 counts → its heading."""

DISPUTE_NAMES: Mapping[str, str] = {
    Dispute.REVIEW: N_("Administrative review"),
    Dispute.DIRECT_SUIT: N_("Lawsuit without a review before it"),
    Dispute.LATER_SUIT: N_("Lawsuit after a review"),
}
"""Group of table 4 → its name."""

RESULT_NAMES: Mapping[str, str] = {
    DisputeResult.UPHELD: N_("Result upheld"),
    DisputeResult.CORRECTED: N_("Result corrected"),
    DisputeResult.OTHER: N_("Other result"),
    DisputeResult.PENDING: N_("Not concluded yet"),
    ALL: N_("Total"),
}
"""Column of table 4 → its name."""

TO_FILL_IN = N_("[to be filled in]")
"""What stands in a suggested text where only a person knows what belongs there."""

_PROACTIVE = N_(
    "**(1) Proactive disclosure.** In %(year)s, %(first_published)s datasets were published on the open data portal for"
    " the first time, and %(versions)s versions of datasets altogether. On %(day)s, everybody can use %(datasets)s"
    " datasets."
)
_ENTRIES = N_(
    "Of the %(entries)s entries of the basic catalogue of proactive disclosure, datasets fulfil %(fulfilled)s."
)
_APPLICATIONS = N_(
    "**(2) Disclosure on application.** The portal received %(applications)s new applications, and %(carried_in)s were"
    " carried over from the year before. %(concluded)s were concluded, and %(carried_out)s are carried over to the next"
    " year. Of %(asked)s other requests (for opening data, for corrections, questions and objections), %(replied)s have"
    " a reply, %(on_time)s of them in time."
)
_MANAGEMENT = N_(
    "**(3) Management of government information.** %(duties)s duties with a time limit were due in the year;"
    " %(duties_kept)s were fulfilled in time. %(fill)s"
)
_PLATFORM = N_("**(4) Platforms of disclosure.** Data was downloaded %(downloads)s times from the portal. %(fill)s")
_SUPERVISION = N_("**(5) Supervision and guarantees.** %(fill)s")
_PROBLEMS = N_(
    "On %(day)s, %(duties_late)s duties and %(requests_late)s requests are overdue, %(plans_missed)s datasets haven't"
    " been opened by the planned day, and %(no_ground)s that aren't open lack a reason or a legal basis."
)
_MAIN = N_("**Main problems.** %(fill)s")
_IMPROVEMENTS = N_("**Improvements.** %(fill)s")
_FEES = N_("**Fees for handling information.** Charged in the year: %(fill)s")
_ELSE = N_("**Other matters.** %(fill)s")


def suggest_texts(facts: AnnualFacts, voice: Voice) -> Mapping[str, str]:
    """The texts that the portal suggests; where only people know something, they have `TO_FILL_IN`."""
    from babel.dates import format_date

    names = AnnualFacts.__dataclass_fields__
    params: dict[str, object] = {name: f"{getattr(facts, name)}" for name in names}
    params |= {"day": format_date(facts.day, "long", locale=voice.language), "fill": TO_FILL_IN}

    def say(*texts: str) -> str:
        return "\n\n".join(voice.fill(text, params) for text in texts)

    entries = (_ENTRIES,) if facts.entries else ()
    return {
        Part.GENERAL: say(_PROACTIVE, *entries, _APPLICATIONS, _MANAGEMENT, _PLATFORM, _SUPERVISION),
        Part.PROBLEMS: say(_PROBLEMS, _MAIN, _IMPROVEMENTS),
        Part.OTHER: say(_FEES, _ELSE),
    }
