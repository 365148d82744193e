"""What goes wrong, told in one place: a message on stderr and exit status 2, never a traceback unless asked for."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from opendata.cli.core.click_texts import use_catalogues
from opendata.cli.core.language import say, say_error
from opendata.errors import N_, OpendataError

DEBUG = "OPENDATA_DEBUG"

NOT_PASSED = 1
FAILED = 2
INTERRUPTED = 130


class Failure(click.ClickException):
    """Ends the command with a message and status 2."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """Write the message to stderr."""
        click.echo(say(N_("Error: %(message)s"), message=self.message), err=True, file=file)


class Commands(click.Group):
    """The root of all commands: turns whatever a command raises into a message and a status."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Begin."""
        use_catalogues()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (click.Abort, KeyboardInterrupt):
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): nothing more to say, not even at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            raise Failure(_describe(error)) from error


def _describe(error: Exception) -> str:
    if isinstance(error, OpendataError):
        return say_error(error)
    if isinstance(error, OSError) and error.strerror:
        reason = say(error.strerror)
        return f"{error.filename}: {reason}" if error.filename else reason
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return say(
        N_("%(reason)s (this is a fault in opendata; put OPENDATA_DEBUG=1 before the command to see where)"),
        reason=reason,
    )
