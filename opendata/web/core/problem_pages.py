"""Errors as pages, and what each kind of problem means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template

from opendata.errors import N_, NotFoundError

blueprint = Blueprint("problem_pages", __name__)

PROBLEMS: Mapping[str, tuple[str, str, str]] = {
    "error": (
        N_("Something went wrong"),
        N_("The fault is ours. It has been logged with the time and the address you asked for."),
        N_("Try again later. If it stays, tell the people who run this portal when it happened."),
    ),
    "bad-request": (
        N_("The request cannot be understood"),
        N_("A part of the request is missing or does not have the form it should have: its body, a parameter."),
        N_("Read the detail, compare the request with the API documentation, and send it again."),
    ),
    "invalid-metadata": (
        N_("Some values are not allowed"),
        N_("The request was understood, but one or more of its values break a rule. Each is named with its place."),
        N_("Correct the values named and send the request again."),
    ),
    "invalid-schema": (
        N_("The schema cannot be used"),
        N_("A Table Schema does not follow the standard, or contains something that cannot be run safely."),
        N_(
            "Correct the points named. Patterns do without look-around and back-references; references are written out."
        ),
    ),
    "invalid-package": (
        N_("The data package cannot be used"),
        N_("The descriptor of a Data Package, or a file it names, cannot be used."),
        N_("Correct the points named, then import the package again."),
    ),
    "unsupported-format": (
        N_("This kind of file is not a table"),
        N_("The file is a picture, a document or a program, whatever its name says."),
        N_("Send the table itself, for example as CSV or Excel file."),
    ),
    "unreadable-file": (
        N_("This file cannot be read"),
        N_("The file is of a kind that is read here, but it is damaged, locked or built so that no table comes out."),
        N_("Open it in the program it was made with, save it again, and upload the new file."),
    ),
    "expired": (
        N_("This has expired"),
        N_("An upload is kept for some hours after its last piece. Its time is over and it was removed."),
        N_("Send the file again."),
    ),
    "locked": (
        N_("Another request is at this"),
        N_("A piece of the same upload is just being received. Only one at a time is."),
        N_("Wait a moment, ask how far the upload is, and go on there."),
    ),
    "unsupported-protocol": (
        N_("This version of the upload protocol is not spoken here"),
        N_("A request of the tus protocol has to name the version it speaks, and that is 1.0.0."),
        N_("Send the header “Tus-Resumable: 1.0.0”, as every tus client does."),
    ),
    "checksum-mismatch": (
        N_("The bytes arrived damaged"),
        N_("A piece came with a checksum that does not fit its bytes. It was not kept."),
        N_("Send the piece again."),
    ),
    "too-large": (
        N_("The file is too large"),
        N_("The portal accepts files up to a size that its operators set."),
        N_("Split the table, or ask the people who run this portal."),
    ),
    "not-signed-in": (
        N_("Sign-in is needed"),
        N_("This is for people with an account. The session has ended, or the token is unknown, revoked or expired."),
        N_("Sign in, or send a valid token in the header “Authorization: Bearer …”."),
    ),
    "not-permitted": (
        N_("This is not permitted"),
        N_("You are known, but your account may not do this: editors act for their own publisher only."),
        N_("Ask a maintainer of the catalogue."),
    ),
    "not-found": (
        N_("Not found"),
        N_("There is nothing at this address, or it is not public."),
        N_("Check the address. The list of datasets shows everything that is public."),
    ),
    "not-public": (
        N_("This data isn't public"),
        N_("The dataset is in the catalogue, but its data is open on application only, or not at all."),
        N_("The page of the dataset says why, and by which law."),
    ),
    "moved": (
        N_("This dataset has another id now"),
        N_("The dataset was renamed. Its old addresses lead to the new ones for ever."),
        N_("Follow the redirection, and note the new address."),
    ),
    "withdrawn": (
        N_("This version was withdrawn"),
        N_("The version was published and has been taken down. The reason is kept with its address."),
        N_("Use the newest version of the dataset."),
    ),
    "damaged": (
        N_("This file is damaged and is not handed out"),
        N_("The stored bytes are missing, or no longer what they were when the version was published."),
        N_("Try again later; the people who run this portal have been told."),
    ),
    "conflict": (
        N_("This step is not possible now"),
        N_("The thing is in a state that does not allow this step: a draft that is not checked cannot be submitted."),
        N_("Reload, look at the present state, and take a step it allows."),
    ),
    "precondition-failed": (
        N_("It was changed in the meantime"),
        N_("Somebody else, or you in another window, has changed it since you read it."),
        N_("Read it again, then make your change."),
    ),
    "idempotency-key-reused": (
        N_("This Idempotency-Key belongs to another request"),
        N_("A key names one request. The same key came with other content."),
        N_("Take a new key for a new request."),
    ),
    "unavailable": (
        N_("The service is not available at the moment"),
        N_("A part behind the portal, such as the database, does not answer."),
        N_("Try again in a minute."),
    ),
    "integrity": (
        N_("Stored data is damaged"),
        N_("Stored bytes are not what their digest says. Nothing damaged is handed out."),
        N_("Tell the people who run this portal; they can check and restore the store."),
    ),
    "usage": (
        N_("Wrong use"),
        N_("A command or a setting is used the wrong way."),
        N_("Read the detail and the command's help."),
    ),
    "method-not-allowed": (
        N_("This address does not take this method"),
        N_("The address exists, but not for this method. The header “Allow” lists those it takes."),
        N_("Use one of the methods listed."),
    ),
    "not-acceptable": (
        N_("There is no such form of this"),
        N_("The resource does not exist in a media type that the request accepts."),
        N_("Change the header “Accept”."),
    ),
    "precondition-required": (
        N_("The header “If-Match” is needed"),
        N_("Changing needs the revision you have read, so that nobody's change is lost."),
        N_("Send the “ETag” you have read in the header “If-Match”."),
    ),
}
"""Slug → title, what it means, what to do."""


@blueprint.get("/problems")
def list_problems() -> str:
    """All kinds of problem."""
    return render_template("core/problems.html", problems=PROBLEMS)


@blueprint.get("/problems/<slug>")
def show_problem(slug: str) -> str:
    """What a kind of problem means and what to do about it."""
    if slug not in PROBLEMS:
        raise NotFoundError
    title, meaning, advice = PROBLEMS[slug]
    return render_template("core/problem.html", slug=slug, title=title, meaning=meaning, advice=advice)


def render_problem(document: Mapping[str, Any]) -> str:
    """A problem document as a page."""
    slug = str(document["type"]).rsplit("/", 1)[-1]
    advice = PROBLEMS[slug][2] if slug in PROBLEMS else ""
    return render_template("core/error.html", document=document, advice=advice)
