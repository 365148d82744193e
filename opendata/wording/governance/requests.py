"""Requests in words: kinds, states, steps, types of reply with their standard wording, and the annual table."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.requests.annual import ALL, CARRIED_IN, CARRIED_OUT, NEW, TOTAL
from opendata.domain.requests.kinds import Applicant, RequestKind, WantedForm
from opendata.domain.requests.outcomes import OUTCOMES, AnnualRow, Outcome
from opendata.domain.requests.steps import RequestState, RequestStep
from opendata.errors import N_
from opendata.wording.voice import voice_of

KINDS: Mapping[str, str] = {
    RequestKind.OPEN: N_("Ask to open data"),
    RequestKind.APPLICATION: N_("Application for information"),
    RequestKind.ACCESS: N_("Application for data with conditions"),
    RequestKind.CORRECTION: N_("Correction"),
    RequestKind.OBJECTION: N_("Objection"),
    RequestKind.QUESTION: N_("Question"),
}
"""Kind → its name."""

PURPOSES: Mapping[str, str] = {
    RequestKind.OPEN: N_("The data isn't open, or isn't in the catalogue, and you want everybody to have it"),
    RequestKind.APPLICATION: N_("You apply for information under the Regulations on Open Government Information"),
    RequestKind.ACCESS: N_("The data is given on conditions, and you want to use it for a purpose"),
    RequestKind.CORRECTION: N_("A cell, a row or a column of a published table is wrong"),
    RequestKind.OBJECTION: N_("Published data violates your rights or your privacy and must be taken off"),
    RequestKind.QUESTION: N_("You want to know something about the data"),
}
"""Kind → when to choose it."""

STATES: Mapping[str, str] = {
    RequestState.RECEIVED: N_("Received"),
    RequestState.REGISTERED: N_("Registered"),
    RequestState.HANDLING: N_("Being handled"),
    RequestState.WAITING_ASKER: N_("Waiting for the asker to clarify"),
    RequestState.WAITING_THIRD: N_("Waiting for the opinion of a third party"),
    RequestState.REPLIED: N_("Replied"),
    RequestState.ARCHIVED: N_("Archived"),
    RequestState.WITHDRAWN: N_("Withdrawn by the asker"),
    RequestState.SPAM: N_("Spam"),
}
"""State → its name."""

STEPS: Mapping[str, str] = {
    RequestStep.RECEIVE: N_("Received"),
    RequestStep.REGISTER: N_("Register"),
    RequestStep.START: N_("Start handling"),
    RequestStep.ASSIGN: N_("Assign to a person"),
    RequestStep.SUMMARISE: N_("Edit the public summary"),
    RequestStep.NOTE: N_("Note for colleagues"),
    RequestStep.CLARIFY: N_("Ask for clarification"),
    RequestStep.ANSWER: N_("Clarify"),
    RequestStep.ADD: N_("Add something"),
    RequestStep.CONSULT: N_("Ask a third party for its opinion"),
    RequestStep.OPINION: N_("Record the opinion of the third party"),
    RequestStep.EXTEND: N_("Extend the time for the reply"),
    RequestStep.PASS_ON: N_("Pass on to another publisher"),
    RequestStep.STOP: N_("Stop the version"),
    RequestStep.REPLY: N_("Reply"),
    RequestStep.MEND: N_("Name the version that corrects it"),
    RequestStep.ARCHIVE: N_("Archive"),
    RequestStep.WITHDRAW: N_("Withdraw the request"),
    RequestStep.SPAM: N_("Mark as spam"),
}
"""Step → its name on buttons."""

HAPPENED: Mapping[str, str] = {
    RequestStep.RECEIVE: N_("The request was received"),
    RequestStep.REGISTER: N_("The publisher registered it"),
    RequestStep.START: N_("The publisher started to handle it"),
    RequestStep.ASSIGN: N_("It was assigned to a person"),
    RequestStep.SUMMARISE: N_("The public summary was edited"),
    RequestStep.NOTE: N_("Note for colleagues"),
    RequestStep.CLARIFY: N_("The publisher asks for clarification"),
    RequestStep.ANSWER: N_("The asker clarified it"),
    RequestStep.ADD: N_("The asker added something"),
    RequestStep.CONSULT: N_("A third party was asked for its opinion"),
    RequestStep.OPINION: N_("The opinion of the third party was recorded"),
    RequestStep.EXTEND: N_("The time for the reply was extended"),
    RequestStep.PASS_ON: N_("It was passed on to another publisher"),
    RequestStep.STOP: N_("The version was stopped"),
    RequestStep.REPLY: N_("The publisher replied"),
    RequestStep.MEND: N_("A version corrects it"),
    RequestStep.ARCHIVE: N_("It was archived"),
    RequestStep.WITHDRAW: N_("The asker withdrew it"),
    RequestStep.SPAM: N_("It was marked as spam"),
}
"""Step → what happened."""

APPLICANTS: Mapping[str, str] = {
    Applicant.PERSON: N_("Natural person"),
    Applicant.COMPANY: N_("Commercial company"),
    Applicant.RESEARCH: N_("Research institution"),
    Applicant.WELFARE: N_("Social welfare organisation"),
    Applicant.LEGAL: N_("Legal services organisation"),
    Applicant.OTHER: N_("Other organisation"),
}
"""Kind of applicant → its name."""

FORMS: Mapping[str, str] = {
    WantedForm.ELECTRONIC: N_("As a file"),
    WantedForm.PAPER: N_("On paper"),
    WantedForm.INSPECTION: N_("To read at the office"),
}
"""Wanted form → its name."""

OUTCOME_NAMES: Mapping[str, str] = {
    Outcome.OPEN: N_("Given"),
    Outcome.ALREADY_PUBLIC: N_("Already public"),
    Outcome.PARTLY: N_("Given in part"),
    Outcome.STATE_SECRET: N_("Refused: state secret"),
    Outcome.LAW: N_("Refused: forbidden by law or administrative regulation"),
    Outcome.SECURITY: N_("Refused: may endanger security or social stability"),
    Outcome.THIRD_PARTY: N_("Refused: rights of third parties"),
    Outcome.INTERNAL: N_("Refused: internal affairs"),
    Outcome.PROCESS: N_("Refused: information of a process under way"),
    Outcome.ENFORCEMENT: N_("Refused: file of administrative enforcement"),
    Outcome.REGISTRY: N_("Refused: to be looked up in a register"),
    Outcome.NOT_EXISTING: N_("Doesn't exist"),
    Outcome.ELSEWHERE: N_("Held by another body"),
    Outcome.NEEDS_MAKING: N_("Isn't there in a finished form"),
    Outcome.UNCLEAR: N_("Still unclear after clarification"),
    Outcome.COMPLAINT: N_("Not handled: a complaint or report"),
    Outcome.REPEATED: N_("Not handled: a repeated application"),
    Outcome.PUBLICATION: N_("Not handled: asks for a publication"),
    Outcome.EXCESSIVE: N_("Not handled: very many applications without a good reason"),
    Outcome.REISSUE: N_("Not handled: asks to confirm or reissue information"),
    Outcome.NO_CLARIFICATION: N_("Ended: not clarified in time"),
    Outcome.FEE: N_("Ended: the fee wasn't paid in time"),
    Outcome.OTHER: N_("Other"),
    Outcome.GRANTED: N_("Approved"),
    Outcome.DECLINED: N_("Not approved"),
    Outcome.CORRECTED: N_("Corrected by a version"),
    Outcome.WILL_CORRECT: N_("Will be corrected"),
    Outcome.NO_ERROR: N_("The data is right"),
    Outcome.UPHELD: N_("The objection is justified"),
    Outcome.REJECTED: N_("The objection isn't justified"),
    Outcome.ANSWERED: N_("Answered"),
}
"""Outcome → its name."""

STANDARD_TEXTS: Mapping[str, str] = {
    Outcome.OPEN: N_("The information that you asked for can be made public. You find it here: …"),
    Outcome.ALREADY_PUBLIC: N_("The information that you asked for is public already. You find it here: …"),
    Outcome.PARTLY: N_("A part of the information that you asked for can be made public: … The rest can't, because: …"),
    Outcome.STATE_SECRET: N_("The information that you asked for is a state secret and can't be made public."),
    Outcome.LAW: N_("A law or administrative regulation forbids making this information public, namely: …"),
    Outcome.SECURITY: N_(
        "Making this information public may endanger national, public or economic security or social stability,"
        " because: …"
    ),
    Outcome.THIRD_PARTY: N_(
        "Making this information public would harm the lawful rights of a third party, which doesn't agree to it."
    ),
    Outcome.INTERNAL: N_(
        "This information is about internal affairs, namely staff, logistics or internal procedures, and isn't made"
        " public."
    ),
    Outcome.PROCESS: N_(
        "This information was made while a decision was prepared, namely in discussion, drafts, consultation or"
        " requests for instructions, and isn't made public."
    ),
    Outcome.ENFORCEMENT: N_("This information belongs to a file of administrative enforcement and isn't made public."),
    Outcome.REGISTRY: N_("Special rules apply to looking up this information. You can look it up here: …"),
    Outcome.NOT_EXISTING: N_("We searched for the information that you asked for. It doesn't exist."),
    Outcome.ELSEWHERE: N_(
        "This information isn't our responsibility. Please ask the body that is responsible: … (contact: …)"
    ),
    Outcome.NEEDS_MAKING: N_(
        "We don't hold this information in a finished form. We would need to process or analyse it first, so we can't"
        " give it."
    ),
    Outcome.UNCLEAR: N_("After you clarified your request, it still isn't clear what information you need."),
    Outcome.COMPLAINT: N_(
        "What you sent is a complaint or a report. It can't be handled as an application for information. Please use"
        " this channel: …"
    ),
    Outcome.REPEATED: N_("We have replied to the same application before, so we don't handle it again."),
    Outcome.PUBLICATION: N_("What you asked for is in a public publication. You can get it here: …"),
    Outcome.EXCESSIVE: N_(
        "The number and frequency of your applications are clearly more than is reasonable, and the reasons that you"
        " gave don't justify them, so we don't handle this one."
    ),
    Outcome.REISSUE: N_("You asked us to confirm or reissue information that you have already, which we don't do."),
    Outcome.NO_CLARIFICATION: N_(
        "You didn't clarify your application in the time that we set, so it counts as withdrawn."
    ),
    Outcome.FEE: N_("You didn't pay the fee in time, so the application counts as withdrawn."),
    Outcome.GRANTED: N_("We approve your application. You may use the data for the purpose that you named."),
    Outcome.DECLINED: N_("We don't approve your application, because: …"),
    Outcome.CORRECTED: N_("You are right, thank you. The version that we name corrects it."),
    Outcome.WILL_CORRECT: N_("You are right, thank you. The next version will correct it."),
    Outcome.NO_ERROR: N_("We checked it. The data is right, because: …"),
    Outcome.UPHELD: N_("Your objection is justified. We have taken the data off."),
    Outcome.REJECTED: N_("We checked your objection. The data stays public, because: …"),
}
"""Outcome → the standard wording of the reply, which is edited before it is sent."""

BASES: Mapping[str, str] = {
    "14": N_("Regulations on Open Government Information (Decree 711), article 14"),
    "15": N_("Regulations on Open Government Information (Decree 711), article 15"),
    "16(1)": N_("Regulations on Open Government Information (Decree 711), article 16, paragraph 1"),
    "16(2)": N_("Regulations on Open Government Information (Decree 711), article 16, paragraph 2"),
    "30": N_("Regulations on Open Government Information (Decree 711), article 30"),
    "35": N_("Regulations on Open Government Information (Decree 711), article 35"),
    "36(1)": N_("Regulations on Open Government Information (Decree 711), article 36, item 1"),
    "36(2)": N_("Regulations on Open Government Information (Decree 711), article 36, item 2"),
    "36(4)": N_("Regulations on Open Government Information (Decree 711), article 36, item 4"),
    "36(5)": N_("Regulations on Open Government Information (Decree 711), article 36, item 5"),
    "36(6)": N_("Regulations on Open Government Information (Decree 711), article 36, item 6"),
    "36(7)": N_("Regulations on Open Government Information (Decree 711), article 36, item 7"),
    "37": N_("Regulations on Open Government Information (Decree 711), article 37"),
    "38": N_("Regulations on Open Government Information (Decree 711), article 38"),
    "39": N_("Regulations on Open Government Information (Decree 711), article 39"),
    "42": N_("Regulations on Open Government Information (Decree 711), article 42"),
}
"""Article of the Regulations → how a reply cites it."""

ANNUAL_ROWS: Mapping[str, str] = {
    NEW: N_("I. New applications in the year"),
    CARRIED_IN: N_("II. Applications carried over from the year before"),
    AnnualRow.GIVEN: N_("III (1) Given"),
    AnnualRow.PARTLY: N_("III (2) Given in part"),
    AnnualRow.STATE_SECRET: N_("III (3) 1. State secrets"),
    AnnualRow.LAW: N_("III (3) 2. Forbidden by other laws or administrative regulations"),
    AnnualRow.SECURITY: N_("III (3) 3. Endangers security and stability"),
    AnnualRow.THIRD_PARTY: N_("III (3) 4. Protects the rights of third parties"),
    AnnualRow.INTERNAL: N_("III (3) 5. Internal affairs"),
    AnnualRow.PROCESS: N_("III (3) 6. Information of a process under way"),
    AnnualRow.ENFORCEMENT: N_("III (3) 7. Files of administrative enforcement"),
    AnnualRow.REGISTRY: N_("III (3) 8. To be looked up in registers"),
    AnnualRow.NOT_HELD: N_("III (4) 1. Not held by this body"),
    AnnualRow.NEEDS_MAKING: N_("III (4) 2. Isn't there in a finished form"),
    AnnualRow.UNCLEAR: N_("III (4) 3. Still unclear after clarification"),
    AnnualRow.COMPLAINT: N_("III (5) 1. Complaints and reports"),
    AnnualRow.REPEATED: N_("III (5) 2. Repeated applications"),
    AnnualRow.PUBLICATION: N_("III (5) 3. Asks for publications"),
    AnnualRow.EXCESSIVE: N_("III (5) 4. Very many applications without a good reason"),
    AnnualRow.REISSUE: N_("III (5) 5. Asks to confirm or reissue information"),
    AnnualRow.NO_CLARIFICATION: N_("III (6) 1. Not clarified in time without a good reason"),
    AnnualRow.FEE: N_("III (6) 2. The fee wasn't paid in time"),
    AnnualRow.OTHER: N_("III (6) 3. Other"),
    TOTAL: N_("III (7) Total"),
    CARRIED_OUT: N_("IV. Carried over to the next year"),
}
"""Row of the annual table → its name."""

ANNUAL_COLUMNS: Mapping[str, str] = {**APPLICANTS, ALL: N_("Total")}
"""Column of the annual table → its name."""


def write_basis(outcome: Outcome, language: str) -> str:
    """The legal basis of a type of reply in words; empty where the Regulations have no article for it."""
    article = OUTCOMES[outcome].article
    return voice_of(language).translate(BASES[article]) if article else ""


def write_standard_text(outcome: Outcome, language: str) -> str:
    """The standard wording of a type of reply; empty where each says something else."""
    text = STANDARD_TEXTS.get(outcome)
    return voice_of(language).translate(text) if text else ""
