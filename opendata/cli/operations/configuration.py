"""`opendata config`: every setting, its value in force, and where that came from."""

from __future__ import annotations

import os
import re

import click

from opendata.cli.core.output import write_json


@click.command(short_help="List all settings and their values.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def config(as_json: bool) -> None:
    """List all settings and the values in use. Secrets are masked."""
    from opendata.instance_file import INSTANCE_FILE, read_instance_file
    from opendata.setting_values import is_bucket
    from opendata.settings import list_settings, read_settings
    from opendata.tables.arrow.compiled import SWITCH, describe_native

    settings = read_settings()
    kept = read_instance_file(settings.home)
    in_force = {
        "database_url": settings.database,
        "store": settings.store if is_bucket(settings.store) else settings.public_folder,
        "private_store": settings.private_store if is_bucket(settings.private_store) else settings.private_folder,
    }
    found = []
    for item in list_settings():
        value = in_force.get(item.name, getattr(settings, item.name))
        source = "default"
        if os.environ.get(item.variable):
            source = "environment"
        elif kept.get(item.variable) and item.name != "home":
            source = str(settings.home / INSTANCE_FILE)
        found.append(
            {
                "variable": item.variable,
                "value": _mask(_write_value(value), secret=item.secret),
                "default": item.default,
                "source": source,
                "unit": item.unit,
                "about": item.about,
            }
        )
    if as_json:
        write_json({"settings": found, "compiled": describe_native()})
        return
    for line in found:
        unit = f" {line['unit']}" if line["unit"] else ""
        click.echo(f"{line['variable']}={line['value']}  ({line['source']})")
        click.echo(f"    {line['about']} Default: {line['default'] or 'empty'}{unit}.")
    click.echo(f"The compiled pass over tables: {describe_native()}  ({SWITCH}=0 turns it off)")


def _write_value(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _mask(text: str, *, secret: bool) -> str:
    """A secret as stars, and the password inside an address too."""
    if secret:
        return "*****" if text else ""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:*****@", text)
