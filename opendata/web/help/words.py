"""The words of the product, each in one plain sentence with an example, at `/help/words`."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, render_template

from opendata.errors import N_

blueprint = Blueprint("words", __name__)

WORDS: Mapping[str, tuple[str, str, str]] = {
    "catalogue": (
        N_("Catalogue"),
        N_("The list of everything that this portal publishes."),
        N_("The page “Datasets” shows the catalogue."),
    ),
    "publisher": (
        N_("Publisher"),
        N_("The department that answers for a dataset. Each dataset has exactly one."),
        N_("The water bureau is the publisher of “Reservoirs”."),
    ),
    "dataset": (
        N_("Dataset"),
        N_("One subject in the catalogue: its description, and the tables published about it."),
        N_("“Reservoirs” is a dataset. Its tables are “Water levels” and “Names”."),
    ),
    "metadata": (
        N_("Metadata"),
        N_(
            "What is said about a dataset so that readers find and understand it: title, description, licence and so"
            " on."
        ),
        N_("The title “Reservoirs”, the keyword “water level” and the contact office are metadata."),
    ),
    "table": (
        N_("Table"),
        N_("Rows and columns of one kind, as on one sheet of Excel."),
        N_("“Water levels” has one row for each reservoir and day."),
    ),
    "attachment": (
        N_("Attachment"),
        N_("A file that is published beside the tables just as it is."),
        N_("A PDF that explains how the water level is measured."),
    ),
    "schema": (
        N_("Schema"),
        N_("The rules for a table: which columns it has, what can be in each, and which must be filled in."),
        N_("The schema says that “Code” has six digits and that “Level” is a number, in metres."),
    ),
    "table-schema": (
        N_("Table Schema"),
        N_("The international standard way to write a schema down. It is text that programs read, in JSON."),
        N_("If your department has a schema as a file, somebody can paste it here. Everybody else leaves this empty."),
    ),
    "json": (
        N_("JSON"),
        N_("A way to write data as text that programs read easily."),
        N_("A web service often answers in JSON. You never have to write it yourself."),
    ),
    "field": (
        N_("Field"),
        N_("A column as the schema knows it, with a title for people and a short name for programs."),
        N_("The column “地区生产总值” is the field gdp."),
    ),
    "upload": (
        N_("Upload"),
        N_("To send a file from your computer to the portal. Nobody else sees it yet."),
        N_("You upload levels.xlsx as it comes from Excel."),
    ),
    "draft": (
        N_("Draft"),
        N_("The next version while it is being prepared: your files, the result of their check, and your answers."),
        N_("After an upload you have a draft. Readers don't see it before it is published."),
    ),
    "check": (
        N_("Check"),
        N_("The portal compares every row with the schema and looks for personal data."),
        N_("The check takes a few seconds for a small file."),
    ),
    "report": (
        N_("Validation report"),
        N_("What the check found in your file, row by row."),
        N_("The report of a draft lists three empty cells in the column “Code”."),
    ),
    "finding": (
        N_("Finding"),
        N_("One place in a table that breaks a rule, with what is wrong and how to fix it."),
        N_("Row 12, column “Level”: “about 3” isn't a number."),
    ),
    "personal-data": (
        N_("Personal data"),
        N_("Anything that tells who a person is, or can be traced to a person."),
        N_("Names, telephone numbers and identity numbers. You decide whether the column is removed or masked."),
    ),
    "review": (
        N_("Review"),
        N_("Someone other than the author looks at the draft and signs a list of checks before it is published."),
        N_("Your colleague signs that the table holds no secrets, then approves it."),
    ),
    "version": (
        N_("Version"),
        N_("What was published at one time, with a number. It never changes. A correction makes a new version."),
        N_("Version 1.2.0 follows version 1.1.0 once the new month is added."),
    ),
    "digest": (
        N_("Digest"),
        N_("A fingerprint of a file, such as sha256:9f2c…: if one character of the file changes, the digest differs."),
        N_("The reviewer's signature holds for the digest, so nobody can change the draft afterwards unnoticed."),
    ),
    "manifest": (
        N_("Manifest"),
        N_("The list of everything in a version with the digest of each file, for programs (datapackage.json)."),
        N_("A reader's program compares the files with the manifest to see that they are genuine."),
    ),
    "disclosure": (
        N_("Disclosure"),
        N_("Whether everybody may have the data, only those with a grant, or nobody."),
        N_("“Open” is for everybody. If it isn't open, the reason and the law are published."),
    ),
    "grant": (
        N_("Grant"),
        N_("Permission for one reader to have data that isn't open, for a purpose and until a day."),
        N_("A university may have the rows of “Water users” until 31 December."),
    ),
    "withdrawal": (
        N_("Withdrawal"),
        N_("A published version is removed permanently. Its address says when and why."),
        N_("A version with wrong figures is withdrawn, and its page names the one to use instead."),
    ),
    "breaking-change": (
        N_("Breaking change"),
        N_("A change after which readers' programs may stop working."),
        N_("The column “Level” is removed or gets another name."),
    ),
    "event": (
        N_("Audit log"),
        N_("The list of who did what and when. Nobody can change it unnoticed."),
        N_("“clerk submitted the draft at 14:05.”"),
    ),
}
"""Anchor → the word, what it means, an example."""


@blueprint.get("/help/words")
def list_words() -> str:
    """All words."""
    return render_template("help/words.html", words=WORDS)
