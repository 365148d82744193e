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
        N_("The problem is on our side. It has been logged with the time and the address you asked for."),
        N_("Try again later. If the problem continues, tell the people who run this portal when it happened."),
    ),
    "bad-request": (
        N_("The request can't be understood"),
        N_("A part of the request, such as its body or a parameter, is missing or isn't written correctly."),
        N_("Read the detail, compare the request with the API documentation, and send it again."),
    ),
    "invalid-metadata": (
        N_("Some values aren't allowed"),
        N_(
            "The request was understood, but one or more of its values break a rule. Each one is listed with its place."
        ),
        N_("Correct the values listed and send the request again."),
    ),
    "invalid-schema": (
        N_("The schema can't be used"),
        N_("A Table Schema doesn't follow the standard, or contains something that can't be run safely."),
        N_(
            "Correct the points listed. Don't use look-around or back-references in patterns. Write"
            " references out in full."
        ),
    ),
    "invalid-package": (
        N_("The data package can't be used"),
        N_("The descriptor of a Data Package, or a file it names, can't be used."),
        N_("Correct the points listed, then import the package again."),
    ),
    "unsupported-format": (
        N_("This kind of file isn't a table"),
        N_("The file is a picture, a document or a program, whatever its name says."),
        N_("Send the table itself, for example as a CSV or Excel file."),
    ),
    "unreadable-file": (
        N_("This file can't be read"),
        N_(
            "This kind of file can be read, but this file is damaged, locked or built so that no table can be"
            " found in it."
        ),
        N_("Open it in the program it was made with, save it again, and upload the new file."),
    ),
    "expired": (
        N_("This has expired"),
        N_("An upload is kept for a few hours after its last piece arrives. This one has expired and was removed."),
        N_("Send the file again."),
    ),
    "locked": (
        N_("Another request is already working on this"),
        N_("Another piece of the same upload is being received. Only one piece can be received at a time."),
        N_("Wait a moment, check how much of the upload has arrived, and continue from there."),
    ),
    "unsupported-protocol": (
        N_("This version of the upload protocol isn't supported"),
        N_("A tus request must name the protocol version it uses, which is 1.0.0."),
        N_("Send the header “Tus-Resumable: 1.0.0”, as every tus client does."),
    ),
    "checksum-mismatch": (
        N_("The bytes received are damaged"),
        N_("A piece was sent with a checksum that doesn't match its bytes. It wasn't kept."),
        N_("Send the piece again."),
    ),
    "insufficient-storage": (
        N_("There is no room left"),
        N_("The disk on which the portal keeps files is full. What is published can still be read and downloaded."),
        N_("Tell the people who run this portal, and send the request again once there is room."),
    ),
    "too-large": (
        N_("The file is too large"),
        N_("The portal accepts files up to a size that its operators set."),
        N_("Split the table, or ask the people who run this portal."),
    ),
    "not-signed-in": (
        N_("You must sign in"),
        N_("You need an account for this. Your session has ended, or your token is unknown, revoked or expired."),
        N_("Sign in, or send a valid token in the header “Authorization: Bearer …”."),
    ),
    "not-permitted": (
        N_("You don't have permission to do this"),
        N_(
            "You are signed in, but your account doesn't have permission to do this. Editors can act only for"
            " their own publisher."
        ),
        N_("Ask a maintainer of the catalogue."),
    ),
    "calendar-unknown": (
        N_("The working days of this year aren't known yet"),
        N_("The public holidays of a year are announced in the autumn before it, and then entered by a maintainer."),
        N_("Ask a maintainer of the catalogue to enter the working calendar of the year."),
    ),
    "not-found": (
        N_("Not found"),
        N_("There is nothing at this address, or it isn't public."),
        N_("Check the address. The list of datasets shows everything that is public."),
    ),
    "not-public": (
        N_("This data isn't public"),
        N_("The dataset is in the catalogue, but its data is available only on application, or not at all."),
        N_("The dataset's page gives the reason and the legal basis."),
    ),
    "moved": (
        N_("This dataset has a new id"),
        N_("The dataset was renamed. Its old addresses always lead to the new ones."),
        N_("Follow the redirect, and note the new address."),
    ),
    "withdrawn": (
        N_("This version was withdrawn"),
        N_("The version was published and has been withdrawn. The reason is kept at its address."),
        N_("Use the newest version of the dataset."),
    ),
    "suspended": (
        N_("This version is stopped"),
        N_("The version was published and has been stopped. The reason is given at its address."),
        N_("Use another version of the dataset, or come back later: the stop is being looked into."),
    ),
    "damaged": (
        N_("This file is damaged and isn't available"),
        N_("The stored bytes are missing, or have changed since the version was published."),
        N_("Try again later. The people who run this portal have been told."),
    ),
    "conflict": (
        N_("This step isn't possible now"),
        N_(
            "The current state doesn't allow this step. For example, a draft that hasn't been checked can't be"
            " submitted."
        ),
        N_("Reload the page, check the current state, and choose a step that it allows."),
    ),
    "precondition-failed": (
        N_("This has changed since you read it"),
        N_("Someone else, or you in another window, has changed it since you read it."),
        N_("Read it again, then make your change."),
    ),
    "idempotency-key-reused": (
        N_("This Idempotency-Key belongs to another request"),
        N_("A key identifies one request. The same key was sent with different content."),
        N_("Use a new key for a new request."),
    ),
    "unavailable": (
        N_("The service isn't available at the moment"),
        N_("A service that the portal depends on, such as the database, isn't responding."),
        N_("Try again in a minute."),
    ),
    "integrity": (
        N_("Stored data is damaged"),
        N_("Stored bytes don't match their digest. The portal doesn't serve damaged data."),
        N_("Tell the people who run this portal. They can check and restore the store."),
    ),
    "insufficient-scope": (
        N_("The token isn't for this"),
        N_("You may do this, but not with this token: it lacks a scope, or is limited to a publisher or dataset."),
        N_("Use a token that has the scope the detail names, or create one."),
    ),
    "wait": (
        N_("Try again later"),
        N_("The portal has too much to do at the moment."),
        N_("Wait for the seconds that the header “Retry-After” names, then try again."),
    ),
    "overloaded": (
        N_("The portal is busy"),
        N_("More people want the same at this moment than one process can serve."),
        N_("Wait for the seconds that the header “Retry-After” names, then try again."),
    ),
    "superseded": (
        N_("A newer request has taken over"),
        N_("Of several requests for the same, such as counts of a table, only the newest is answered."),
        N_("Use the answer to the newer request, or send this one again."),
    ),
    "rate-limit": (
        N_("Too many requests"),
        N_(
            "Your account, token or address has sent more requests of this kind in a minute than this portal accepts"
            " from one sender."
        ),
        N_(
            "Wait until the time is over (programs find it in the header “Retry-After”), then try again. To read a"
            " whole table, download its file: downloads have no such limit."
        ),
    ),
    "too-many-at-once": (
        N_("Too many queries at once"),
        N_("As many queries of your account, token or address are running as one sender may have at the same time."),
        N_("Send the next query when one of the others is answered, or download the whole table."),
    ),
    "too-many-attempts": (
        N_("Too many attempts"),
        N_("Too many wrong names or passwords came before this one, for this account or from this address."),
        N_(
            "Wait for the seconds that the header “Retry-After” names, then try again. In a browser in which you have"
            " signed in before, you don't have to wait because of others."
        ),
    ),
    "usage": (
        N_("Incorrect use"),
        N_("A command or a setting isn't used correctly."),
        N_("Read the detail and the command's help."),
    ),
    "method-not-allowed": (
        N_("This address doesn't support this method"),
        N_("The address exists, but it doesn't support this method. The header “Allow” lists the methods it supports."),
        N_("Use one of the methods listed."),
    ),
    "not-acceptable": (
        N_("This isn't available in that format"),
        N_("The resource isn't available in a media type that the request accepts."),
        N_("Change the header “Accept”."),
    ),
    "precondition-required": (
        N_("The header “If-Match” is required"),
        N_("A change must give the revision you read, so that nobody's change is lost."),
        N_("Send the “ETag” you received in the header “If-Match”."),
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
