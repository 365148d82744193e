"""Names of what registrations and disclosures of authorised operation consist of."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.registers.form import Section
from opendata.domain.registers.registration import DocumentKind, RegistrationKind, RegistrationState, RegistrationStep
from opendata.errors import N_

KINDS: Mapping[RegistrationKind, str] = {
    RegistrationKind.INITIAL: N_("First registration"),
    RegistrationKind.CHANGE: N_("Registration of a change"),
    RegistrationKind.CORRECTION: N_("Correction of a registration"),
    RegistrationKind.CANCELLATION: N_("Cancellation of a registration"),
}

STATES: Mapping[RegistrationState, str] = {
    RegistrationState.PREPARING: N_("Being prepared"),
    RegistrationState.SUBMITTED: N_("Submitted to the register office"),
    RegistrationState.RETURNED: N_("Returned: to be mended"),
    RegistrationState.ACCEPTED: N_("Accepted: being checked"),
    RegistrationState.NOTICE: N_("Shown to the public"),
    RegistrationState.REGISTERED: N_("Registered"),
    RegistrationState.EXPIRED: N_("Expired registration"),
    RegistrationState.REPLACED: N_("Replaced by a later registration"),
    RegistrationState.CANCELLED: N_("Cancelled registration"),
}

STEPS: Mapping[RegistrationStep, str] = {
    RegistrationStep.SUBMIT: N_("It was submitted"),
    RegistrationStep.ACCEPT: N_("The office accepted it"),
    RegistrationStep.NOTICE: N_("The office shows it to the public"),
    RegistrationStep.REGISTER: N_("The office registered it"),
    RegistrationStep.RETURN: N_("The office returned it"),
    RegistrationStep.RECORD: N_("It was registered before"),
    RegistrationStep.RENEW: N_("The office renewed it"),
    RegistrationStep.CANCEL: N_("It was cancelled"),
}

STEP_HINTS: Mapping[RegistrationStep, str] = {
    RegistrationStep.SUBMIT: N_("You sent the application on the register's platform. From now on it is with them."),
    RegistrationStep.ACCEPT: N_("From this day the clock of the formal check runs."),
    RegistrationStep.NOTICE: N_("The first day of the notice. Its last day is counted, unless the office named one."),
    RegistrationStep.REGISTER: N_("Enter the code that came back, and the last day of its validity if one is named."),
    RegistrationStep.RETURN: N_("Say what must be mended. Then mend it and submit it again."),
    RegistrationStep.RECORD: N_("For what was registered before this portal kept registrations: enter the code."),
    RegistrationStep.RENEW: N_("Enter the new last day, if the office named one. Otherwise it is counted."),
    RegistrationStep.CANCEL: N_("The application ends, or the registration doesn't count any more."),
}

SECTIONS: Mapping[Section, str] = {
    Section.APPLICANT: N_("Who registers"),
    Section.BASICS: N_("Basic data of the resource"),
    Section.QUALITY: N_("Quality of the data"),
    Section.AGENT: N_("Agent"),
    Section.EVIDENCE: N_("Storage and evidence"),
    Section.DOCUMENTS: N_("Documents"),
}

FIELDS: Mapping[str, str] = {
    "publisherTitle": N_("Name of the registrant"),
    "publisherCode": N_("Unified social credit code"),
    "publisherKind": N_("Kind of body"),
    "publisherAddress": N_("Address of the registrant"),
    "publisherTelephone": N_("Telephone of the registrant"),
    "publisherEmail": N_("E-mail of the registrant"),
    "office": N_("Register office"),
    "kind": N_("Kind of registration"),
    "previousCode": N_("Code of the earlier registration"),
    "title": N_("Name of the resource"),
    "description": N_("What the resource is"),
    "version": N_("Version of the data"),
    "published": N_("Day of publication"),
    "resourceCode": N_("Code in the resource inventory"),
    "keywords": N_("Keywords of the resource"),
    "themes": N_("Themes of the resource"),
    "industry": N_("Industry it belongs to"),
    "spatial": N_("Region it covers"),
    "temporal": N_("Period it covers"),
    "updateCycle": N_("How often it is updated"),
    "sources": N_("Where the data comes from"),
    "basis": N_("Legal basis of collecting the data"),
    "disclosure": N_("Whether it is open"),
    "sharing": N_("Whether it is shared between offices"),
    "operationMode": N_("Mode of authorised operation"),
    "implementingBody": N_("Implementing body"),
    "operator": N_("Operator of the data"),
    "operationPeriod": N_("Period of the authorisation"),
    "formats": N_("Formats of the data"),
    "tables": N_("Number of tables"),
    "rows": N_("Number of rows"),
    "bytes": N_("Size in bytes"),
    "items": N_("Data items of the resource"),
    "url": N_("Address of the resource"),
    "use": N_("Where it is used"),
    "missingShare": N_("Share of empty cells"),
    "repeatedRows": N_("Number of repeated rows"),
    "describedColumns": N_("Columns with a title or description"),
    "agentName": N_("Name of the agent"),
    "agentCode": N_("Unified social credit code of the agent"),
    "agentContact": N_("Office contact of the agent"),
    "storagePlace": N_("Where the data is stored"),
    "evidenceWay": N_("How evidence of the data is kept"),
    "evidenceNumber": N_("Number of the certificate of evidence"),
    "manifestDigest": N_("SHA-256 of the signed description"),
    "commitment": N_("Letter of commitment"),
    "documents": N_("Other documents"),
}
"""Field of the application → its name."""

FIELD_HINTS: Mapping[str, str] = {
    "office": N_("Example: the provincial register office of public data resources"),
    "use": N_("For what the data is or may be used, in a few sentences."),
    "agentName": N_("Only where somebody else applies for you."),
    "agentCode": N_("18 characters. Needed where there is an agent."),
    "agentContact": N_("A telephone or mailbox of an office, not of a person."),
    "storagePlace": N_("Example: government cloud of the city, in the territory of China"),
    "evidenceWay": N_("Example: SHA-256 of the signed description, published with the data"),
    "evidenceNumber": N_("If an institution certified the evidence."),
}

DOCUMENTS: Mapping[DocumentKind, str] = {
    DocumentKind.COMMITMENT: N_("Letter of commitment"),
    DocumentKind.EVIDENCE: N_("Certificate of evidence"),
    DocumentKind.AGENCY: N_("Power of the agent"),
    DocumentKind.OTHER: N_("Another document"),
}
