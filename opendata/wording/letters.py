"""Mail in words: subject and text of each kind, in the language of the person who gets it.

The text is plain, so nothing in it needs escaping. Who fills in names and times has removed line ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opendata.domain.mail.letters import LetterKind, LetterState
from opendata.domain.roles import Role
from opendata.errors import N_
from opendata.wording.voice import voice_of

ROLE_NAMES: Mapping[str, str] = {
    Role.READER: N_("Reader"),
    Role.EDITOR: N_("Editor"),
    Role.REVIEWER: N_("Reviewer"),
    Role.LEAD: N_("Lead"),
    Role.MAINTAINER: N_("Maintainer"),
    Role.AUDITOR: N_("Auditor"),
    Role.EVALUATOR: N_("Evaluator"),
}
"""Role → its name."""

ROLE_PURPOSES: Mapping[str, str] = {
    Role.EDITOR: N_("uploads, edits and submits"),
    Role.REVIEWER: N_("reviews and approves; can't upload"),
    Role.LEAD: N_("does both, answers, and decides who works for the publisher"),
    Role.MAINTAINER: N_("changes everything"),
    Role.AUDITOR: N_("reads everything; changes nothing"),
    Role.EVALUATOR: N_("reads what is public and the figures; changes nothing"),
}
"""Role → what somebody does who has it."""

KIND_NAMES: Mapping[str, str] = {
    LetterKind.TEST: N_("Test"),
    LetterKind.CONFIRM_ADDRESS: N_("Confirm an address"),
    LetterKind.ADDRESS_CHANGED: N_("The address has changed"),
    LetterKind.RECOVERY: N_("Link to set a new password"),
    LetterKind.RECOVERED: N_("A link was used to set a password"),
    LetterKind.PASSWORD_CHANGED: N_("The password has changed"),
    LetterKind.NEW_SIGN_IN: N_("Signed in from a new browser"),
    LetterKind.NEW_TOKEN: N_("A token was created"),
    LetterKind.INVITATION: N_("Invitation to a role"),
    LetterKind.FACTOR_ADDED: N_("A second factor was added"),
    LetterKind.FACTOR_REMOVED: N_("The second factor was removed"),
    LetterKind.IDENTITY_ADDED: N_("An account was connected"),
    LetterKind.IDENTITY_REMOVED: N_("An account was disconnected"),
    LetterKind.VACANCY: N_("Nobody edits for a publisher"),
    LetterKind.SOURCE_FAILED: N_("A table can't be fetched"),
    LetterKind.SOURCE_STOPPED: N_("A table isn't fetched any more"),
    LetterKind.SOURCE_WAITS: N_("A fetched table waits for you"),
    LetterKind.GROUND_LOST: N_("Datasets lose their ground"),
    LetterKind.DUTIES: N_("What is due"),
    LetterKind.REQUEST_RECEIVED: N_("A request was received"),
    LetterKind.REQUEST_NEWS: N_("News about a request"),
    LetterKind.REQUEST_NEW: N_("A new request"),
    LetterKind.REQUEST_DUE: N_("A request is due"),
    LetterKind.SUBSCRIBED: N_("Confirm a subscription"),
    LetterKind.EVENTS: N_("News of the catalogue"),
}
"""Kind of a mail → its name on pages."""

STATE_NAMES: Mapping[str, str] = {
    LetterState.WAITING: N_("waiting"),
    LetterState.SENT: N_("sent"),
    LetterState.FAILED: N_("not sent"),
    LetterState.DROPPED: N_("dropped"),
}
"""State of a mail → its name on pages."""

_GREETING = N_("Hello,")
_PORTAL = N_("Open Data Portal")
_CLOSING = N_("%(portal)s, %(base)s\nThis mail was sent automatically. Replies aren't read.")

_NOT_YOU = N_(
    "If it wasn't you, change your password now and end all other sessions on the page of your account:\n"
    "%(base)s/account\n"
    "If you can't sign in any more, ask a maintainer of the portal to close your account."
)

_TEXTS: Mapping[LetterKind, tuple[str, tuple[str, ...]]] = {
    LetterKind.TEST: (N_("Test mail"), (N_("If you can read this, %(portal)s can send mail."),)),
    LetterKind.CONFIRM_ADDRESS: (
        N_("Confirm your address"),
        (
            N_("The account “%(account)s” wants to use this address. To confirm it, open this link within 24 hours:"),
            "%(link)s",
            N_(
                "From then on, this address gets notices about the account, and links to set a new password. If you"
                " didn't ask for this, do nothing: the address won't be used."
            ),
        ),
    ),
    LetterKind.ADDRESS_CHANGED: (
        N_("The address of your account has changed"),
        (
            N_("The account “%(account)s” doesn't use this address any more. It was changed on %(time)s."),
            N_(
                "If it wasn't you, somebody else may know your password. Ask a maintainer of the portal at once to"
                " close your account. Links to set a new password no longer come to you."
            ),
        ),
    ),
    LetterKind.RECOVERY: (
        N_("Set a new password"),
        (
            N_(
                "Somebody asked to set a new password for the account “%(account)s”. If it was you, open this link"
                " within 24 hours. It works once:"
            ),
            "%(link)s",
            N_(
                "If it wasn't you, do nothing: your password stays as it is. Don't pass the link on to anybody. Nobody"
                " from the portal will ask you for it."
            ),
        ),
    ),
    LetterKind.RECOVERED: (
        N_("Your password was set again with a link"),
        (
            N_(
                "On %(time)s, a new password was set for the account “%(account)s” with a link for people who forgot"
                " theirs. All its sessions have ended."
            ),
            _NOT_YOU,
        ),
    ),
    LetterKind.PASSWORD_CHANGED: (
        N_("Your password has changed"),
        (N_("The password of the account “%(account)s” was changed on %(time)s."), _NOT_YOU),
    ),
    LetterKind.NEW_SIGN_IN: (
        N_("Signed in from a new browser"),
        (
            N_("Somebody signed in to the account “%(account)s” from a browser that wasn't used for it before."),
            N_("Time: %(time)s\nBrowser: %(browser)s\nNetwork address: %(address)s"),
            N_("If it was you, you don't need to do anything."),
            _NOT_YOU,
        ),
    ),
    LetterKind.NEW_TOKEN: (
        N_("A token was created"),
        (
            N_(
                "A token was created for the account “%(account)s” on %(time)s. A program that has it can act for you."
                " Its name: %(name)s"
            ),
            N_(
                "If it wasn't you, revoke the token and change your password on the page of your account:\n"
                "%(base)s/account"
            ),
        ),
    ),
    LetterKind.INVITATION: (
        N_("You are invited"),
        (
            N_(
                "%(inviter)s invites you to work on this portal. Your role: %(role)s. Publisher: %(publisher)s. To"
                " accept, open this link within %(days)s days. It works once:"
            ),
            "%(link)s",
            N_(
                "You choose the name and the password of your account there. If you don't expect this, do nothing."
                " Don't pass the link on to anybody: the person who opens it gets the role."
            ),
        ),
    ),
    LetterKind.FACTOR_ADDED: (
        N_("A second factor was added"),
        (
            N_("Since %(time)s, signing in to the account “%(account)s” needs a code from an app as well."),
            _NOT_YOU,
        ),
    ),
    LetterKind.FACTOR_REMOVED: (
        N_("The second factor was removed"),
        (
            N_("Since %(time)s, signing in to the account “%(account)s” needs no code any more."),
            _NOT_YOU,
        ),
    ),
    LetterKind.IDENTITY_ADDED: (
        N_("An account was connected"),
        (
            N_("Since %(time)s, you can also sign in to the account “%(account)s” through “%(provider)s”."),
            _NOT_YOU,
        ),
    ),
    LetterKind.IDENTITY_REMOVED: (
        N_("An account was disconnected"),
        (
            N_("Since %(time)s, nobody can sign in to the account “%(account)s” through “%(provider)s” any more."),
            _NOT_YOU,
        ),
    ),
    LetterKind.VACANCY: (
        N_("Nobody edits for a publisher"),
        (
            N_(
                "Since %(time)s, no open account edits for these publishers, which have datasets: %(publishers)s."
                " Their data can't be kept up to date."
            ),
            N_("Appoint or invite somebody on this page:\n%(base)s/workspace/people"),
        ),
    ),
    LetterKind.SOURCE_FAILED: (
        N_("A table can't be fetched"),
        (
            N_(
                "The table “%(table)s” of the dataset “%(dataset)s” is fetched automatically. That has failed several"
                " times. The reason: %(reason)s"
            ),
            N_("The portal keeps trying. On this page you see each try and can change the source:\n%(base)s%(path)s"),
        ),
    ),
    LetterKind.SOURCE_STOPPED: (
        N_("A table isn't fetched any more"),
        (
            N_(
                "The table “%(table)s” of the dataset “%(dataset)s” was fetched automatically. That has stopped. The"
                " reason: %(reason)s"
            ),
            N_("Nothing is fetched until somebody fixes this on the page:\n%(base)s%(path)s"),
        ),
    ),
    LetterKind.SOURCE_WAITS: (
        N_("A fetched table waits for you"),
        (
            N_("The table “%(table)s” of the dataset “%(dataset)s” was fetched. %(reason)s"),
            N_("The draft is here:\n%(base)s%(path)s"),
        ),
    ),
    LetterKind.GROUND_LOST: (
        N_("Datasets lose their ground"),
        (
            N_(
                "The negative list has changed. Datasets of “%(publisher)s” that lose the entry they pointed to:"
                " %(count)s. They stay as they are for now."
            ),
            N_("Please open each of them, or choose another entry for it. They are listed here:\n%(base)s%(path)s"),
        ),
    ),
    LetterKind.SUBSCRIBED: (
        N_("Confirm your subscription"),
        (
            N_(
                "Somebody entered this address to get mail about: %(what)s. To confirm it, open this link within two"
                " days:"
            ),
            "%(link)s",
            N_("If it wasn't you, do nothing: you get no more mail about it."),
        ),
    ),
    LetterKind.EVENTS: (
        N_("News of the catalogue"),
        (
            "%(list)s",
            N_("You get this mail because you subscribed to: %(what)s. To end that, open this link:\n%(end)s"),
        ),
    ),
    LetterKind.DUTIES: (
        N_("Duties that are due soon or overdue"),
        (
            N_("You or the publisher you work for must do this:"),
            "%(list)s",
            N_("On this page you see all duties, and can say that one is done:\n%(base)s%(path)s"),
        ),
    ),
    LetterKind.REQUEST_RECEIVED: (
        N_("Your request %(number)s was received"),
        (
            N_("Your request %(number)s was received."),
            N_(
                "If you want mail about it, open this link and confirm your address. The link also opens your request."
                " It works once, within a week:\n%(link)s"
            ),
            N_("If you didn't send a request, you don't need to do anything. You won't get any more mail about it."),
        ),
    ),
    LetterKind.REQUEST_NEWS: (
        N_("News about your request %(number)s"),
        (
            N_(
                "Something happened to your request %(number)s. Enter its number and code on this page to read it:\n"
                "%(base)s%(path)s"
            ),
        ),
    ),
    LetterKind.REQUEST_NEW: (
        N_("New request %(number)s"),
        (N_("A reader has sent the request %(number)s. It waits for you here:\n%(base)s%(path)s"),),
    ),
    LetterKind.REQUEST_DUE: (
        N_("Request %(number)s is due"),
        (N_("The reply to the request %(number)s is due on %(day)s. It is here:\n%(base)s%(path)s"),),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail in words, and what the portal calls itself in it."""

    portal: str
    subject: str
    text: str


def write_letter(kind: LetterKind, language: str, params: Mapping[str, str], *, portal: str, base: str) -> Written:
    """The mail of a kind. An empty `portal` becomes the general name, an empty parameter “unknown”."""
    voice = voice_of(language)
    subject, paragraphs = _TEXTS[kind]
    title = portal or voice.translate(_PORTAL)
    unknown = voice.translate(N_("unknown"))
    filled = {**{key: value or unknown for key, value in params.items()}, "portal": title, "base": base}
    if kind == LetterKind.INVITATION:
        names = {"role": voice.translate(ROLE_NAMES[params["role"]]), "publisher": params["publisher"] or title}
        filled = {**filled, **names}
    texts = [voice.translate(text) % filled for text in (_GREETING, *paragraphs, _CLOSING)]
    return Written(
        portal=title, subject=f"{voice.translate(subject) % filled} – {title}", text="\n\n".join(texts) + "\n"
    )
