"""The command `opendata`: thin as the views; it starts at once, since every command imports what it needs when run."""

from __future__ import annotations

import click

from opendata.cli.access.grants import grant
from opendata.cli.access.keys import key
from opendata.cli.access.tokens import token
from opendata.cli.access.users import user
from opendata.cli.catalogue.custody import erase_originals, erratum, rebuild, release, rename, suspend, withdraw
from opendata.cli.catalogue.differences import diff
from opendata.cli.catalogue.duties import duties
from opendata.cli.catalogue.harvests import harvest
from opendata.cli.catalogue.inventory import inventory
from opendata.cli.catalogue.lists import lists
from opendata.cli.catalogue.publishers import publisher
from opendata.cli.catalogue.querying import query
from opendata.cli.catalogue.requests import requests
from opendata.cli.catalogue.reviews import review
from opendata.cli.catalogue.searching import index
from opendata.cli.core.failures import Commands
from opendata.cli.operations.audit import audit
from opendata.cli.operations.buckets import store
from opendata.cli.operations.configuration import config
from opendata.cli.operations.drills import drill
from opendata.cli.operations.mail import mail
from opendata.cli.operations.mirror import mirror
from opendata.cli.operations.serving import follow, serve, worker
from opendata.cli.operations.setup import demo, init
from opendata.cli.operations.site import site
from opendata.cli.operations.stores import backup, fsck, gc, restore
from opendata.cli.operations.verification import verify
from opendata.cli.packages.description import convert, describe
from opendata.cli.packages.packages import export, import_
from opendata.cli.packages.validation import validate
from opendata.cli.uploads.upload import upload


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="opendata", message="%(prog)s %(version)s")
def main() -> None:
    """Publish open data: validated, versioned, verifiable.

    All settings are environment variables. `opendata config` lists them.

    Exit status: 0 done, 1 the data didn't pass, 2 wrong use or a failure.
    """


for command in (
    init,
    demo,
    serve,
    worker,
    follow,
    validate,
    describe,
    convert,
    upload,
    import_,
    export,
    query,
    diff,
    review,
    suspend,
    release,
    withdraw,
    erase_originals,
    erratum,
    rename,
    verify,
    mirror,
    rebuild,
    index,
    fsck,
    gc,
    backup,
    restore,
    drill,
    store,
    publisher,
    inventory,
    duties,
    user,
    grant,
    key,
    token,
    audit,
    harvest,
    lists,
    mail,
    requests,
    site,
    config,
):
    main.add_command(command)
