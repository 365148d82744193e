"""Kinds of personal data, signs, treatments, grounds and verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.domain.privacy import (
    Certainty,
    Evidence,
    Generalisation,
    Ground,
    Kind,
    PlacedFindingJson,
    Reason,
    RiskLevel,
    Sign,
    TextPart,
    Treatment,
    Unread,
)
from opendata.errors import N_
from opendata.wording.voice import Voice

KINDS: Mapping[Kind, str] = {
    Kind.RESIDENT_ID: N_("Resident identity numbers"),
    Kind.PASSPORT: N_("Passport numbers"),
    Kind.TRAVEL_PERMIT: N_("Travel and residence permit numbers"),
    Kind.MILITARY_ID: N_("Military identity numbers"),
    Kind.MOBILE: N_("Mobile telephone numbers"),
    Kind.LANDLINE: N_("Landline telephone numbers"),
    Kind.BANK_CARD: N_("Bank account and card numbers"),
    Kind.EMAIL: N_("E-mail addresses"),
    Kind.PLATE: N_("Vehicle number plates"),
    Kind.ADDRESS: N_("Home addresses"),
    Kind.NAME: N_("Names of persons"),
    Kind.BIRTH_DATE: N_("Dates of birth"),
    Kind.TRACK: N_("Movements of persons"),
    Kind.SOCIAL: N_("Accounts on social networks"),
}

CERTAINTIES: Mapping[Certainty, str] = {
    Certainty.CERTAIN: N_("Certain"),
    Certainty.LIKELY: N_("Likely"),
    Certainty.POSSIBLE: N_("Possible"),
}

EVIDENCE_SENTENCES: Mapping[Evidence, str] = {
    Evidence.COLUMN_NAME: N_("The name of the column says “%(word)s”"),
    Evidence.PATTERN: N_("%(count)s of %(of)s values have the pattern"),
    Evidence.CHECK_DIGIT: N_("The check digit of %(count)s of %(of)s numbers is right"),
    Evidence.CARD_PREFIX: N_("%(count)s of %(of)s numbers begin like bank cards"),
    Evidence.SURNAMES: N_("%(count)s of %(of)s different values begin with a surname"),
    Evidence.HOME_WORDS: N_("%(count)s of %(of)s values lead to a building, a room or a village group"),
    Evidence.INSIDE_TEXT: N_("%(count)s values have other text around it"),
    Evidence.CONTEXT_WORD: N_("The text names “%(word)s”"),
    Evidence.YEARS: N_("The years run from %(first)s to %(last)s"),
    Evidence.BESIDE: N_("The column “%(field)s” is about persons"),
    Evidence.MOVEMENT: N_("The positions for each “%(field)s” follow one another in time"),
}

TREATMENTS: Mapping[Treatment, str] = {
    Treatment.DROP: N_("Remove the column"),
    Treatment.MASK: N_("Hide part of each value"),
    Treatment.GENERALISE: N_("Make the values less precise"),
    Treatment.PSEUDONYMISE: N_("Replace each value with a pseudonym"),
    Treatment.AGGREGATE: N_("Publish counts instead of rows"),
    Treatment.PUBLISH: N_("Publish it, as the law requires"),
    Treatment.NOT_PERSONAL: N_("This isn't personal data"),
}

GROUNDS: Mapping[Ground, str] = {
    Ground.PUNISHMENT_PUBLICITY: N_("Publicity of punishments"),
    Ground.MANDATORY_DISCLOSURE: N_("Disclosure required by law"),
}

REASONS_NOT_PERSONAL: Mapping[Reason, str] = {
    Reason.OFFICIAL_CONTACT: N_("Official contact of an office"),
    Reason.ORGANISATION: N_("About an organisation"),
    Reason.PUBLIC_VEHICLE: N_("Public vehicle"),
    Reason.CODE: N_("A code that only looks like it"),
    Reason.FICTITIOUS: N_("Made-up examples"),
    Reason.OTHER: N_("Another reason"),
}

GENERALISATIONS: Mapping[Generalisation, str] = {
    Generalisation.COUNTY: N_("County or district"),
    Generalisation.TOWNSHIP: N_("Town or street office"),
    Generalisation.YEAR: N_("Year"),
    Generalisation.MONTH: N_("Month"),
    Generalisation.AGE_BAND: N_("Age band"),
    Generalisation.RANGE: N_("Range of numbers"),
}

RISKS: Mapping[RiskLevel, str] = {
    RiskLevel.PASS: N_("The smallest group has at least 20 rows: the risk is acceptable"),
    RiskLevel.SIGN_OFF: N_("The smallest group has 5 to 19 rows: a reviewer must accept the risk"),
    RiskLevel.BLOCK: N_("The smallest group has fewer than 5 rows: the table can't be published like this"),
}

TEXT_PROPERTIES: Mapping[str, str] = {
    "title": N_("Title"),
    "description": N_("Description"),
    "keywords": N_("Keywords"),
    "notes": N_("Notes on the new version"),
    "breaking": N_("Reason for the breaking change"),
    "example": N_("Example"),
    "name": N_("Name"),
    "rules": N_("Rules"),
    "reason": N_("Reason"),
    "legalBasis": N_("Legal basis"),
    "article": N_("Law and article"),
    "note": N_("Explanation"),
    "filename": N_("File name"),
    "contents": N_("Text of the file"),
    "translation": N_("Translations"),
    "unit": N_("Unit"),
    "source": N_("Source"),
    "compiledBy": N_("Compiled by"),
    "footnotes": N_("Notes on the table"),
}
"""The properties whose texts are screened."""

TEXT_FAULTS: Mapping[TextPart, str] = {
    TextPart.DATASET: N_(
        "The metadata (%(property)s) may contain personal data: %(kind)s, %(count)s. Remove it, or say why it can be"
        " published"
    ),
    TextPart.DRAFT: N_(
        "%(property)s: may contain personal data (%(kind)s, %(count)s). Remove it, or say why it can be published"
    ),
    TextPart.TABLE: N_(
        "The table “%(resource)s” (%(property)s) may contain personal data: %(kind)s, %(count)s. Remove it, or say why"
        " it can be published"
    ),
    TextPart.COLUMN: N_(
        "The column “%(field)s” of “%(resource)s” (%(property)s) may contain personal data: %(kind)s, %(count)s. Remove"
        " it, or say why it can be published"
    ),
    TextPart.ATTACHMENT: N_(
        "The attachment “%(resource)s” (%(property)s) may contain personal data: %(kind)s, %(count)s. Remove it, or say"
        " why it can be published"
    ),
    TextPart.CONTENTS: N_(
        "The text of the attachment “%(resource)s” may contain personal data: %(kind)s, %(count)s. Replace the file, or"
        " say why it can be published"
    ),
}
"""What is wrong with a text that has personal data and no reason."""

UNREAD: Mapping[Unread, str] = {
    Unread.NOT_SCREENED: N_("It was sent before attachments were screened"),
    Unread.FORMAT: N_("Text in this file format isn't read"),
    Unread.NO_TEXT: N_("It has no text, such as a scan"),
    Unread.PICTURES: N_("It has pictures or scanned pages"),
    Unread.FONTS: N_("Its fonts don't say which characters they show"),
    Unread.EMBEDDED: N_("It contains other files"),
    Unread.LOCKED: N_("It is protected with a password"),
    Unread.DAMAGED: N_("It is damaged"),
    Unread.TOO_LARGE: N_("It is too long to be read completely"),
    Unread.TOO_SLOW: N_("Reading it takes too long"),
}
"""Why an attachment can't be read, or not all of it."""

_TEXT_PLACES: Mapping[TextPart, str] = {
    TextPart.DATASET: N_("Metadata: %(property)s"),
    TextPart.DRAFT: "%(property)s",
    TextPart.TABLE: N_("Table “%(resource)s”: %(property)s"),
    TextPart.COLUMN: N_("Column “%(field)s” of “%(resource)s”: %(property)s"),
    TextPart.ATTACHMENT: N_("Attachment “%(resource)s”: %(property)s"),
    TextPart.CONTENTS: N_("Attachment “%(resource)s”: %(property)s"),
}


def say_text_place(voice: Voice, finding: PlacedFindingJson) -> str:
    """Where personal data is in the texts of a draft."""
    text = voice.translate(_TEXT_PLACES[TextPart(finding["part"])]) % {
        "property": voice.translate(TEXT_PROPERTIES[finding["property"]]),
        "resource": finding.get("resource", ""),
        "field": finding.get("field", ""),
    }
    return f"{text} ({finding['language']})" if "language" in finding else text


def say_unread(voice: Voice, code: str) -> str:
    """Why an attachment isn't read completely; one that came before there was a screen has no code."""
    return voice.translate(UNREAD[Unread(code or Unread.NOT_SCREENED)])


def say_decision(voice: Voice, decision: Mapping[str, Any]) -> str:
    """What was decided about a column."""
    parts = [voice.translate(TREATMENTS[Treatment(decision["treatment"])])]
    if "to" in decision:
        parts.append(voice.translate(GENERALISATIONS[Generalisation(decision["to"])]))
    if "ground" in decision:
        parts += [voice.translate(GROUNDS[Ground(decision["ground"])]), decision["article"]]
    if "reason" in decision:
        parts.append(voice.translate(REASONS_NOT_PERSONAL[Reason(decision["reason"])]))
    return " · ".join([*parts, *filter(None, [decision.get("note")])])


def say_risk(voice: Voice, risk: Mapping[str, Any]) -> str:
    """How many groups the confirmed quasi-identifiers of a table make, and the verdict on them."""
    counts = voice.translate(
        N_("%(columns)s: %(groups)s groups, the smallest of %(k)s rows; %(unique)s rows are alone in their group")
    ) % {**risk, "columns": ", ".join(risk["quasi"])}
    return voice.say(N_("%(counts)s. %(verdict)s"), counts=counts, verdict=RISKS[RiskLevel(risk["level"])])


def say_sign(voice: Voice, sign: Sign) -> str:
    """A sign in words, in the reader's language."""
    return voice.say(EVIDENCE_SENTENCES[sign.code], **dict(sign.params))
