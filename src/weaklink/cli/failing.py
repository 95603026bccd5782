"""How the command line fails: one message on stderr, an exit code, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from weaklink.errors import WeaklinkError

BROKEN = 1
USAGE = 2
INTERRUPTED = 130
_NO_MORE_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to stdout fails with where it leads to a full or failing disk."""


class CleanGroup(TyperGroup):
    """Turns what a user did wrong into a message and exit code 2; a closed pipe and Ctrl-C end it quietly."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except WeaklinkError as error:
            from weaklink.report.clean import clean

            typer.echo(f"weaklink: {clean(str(error))}", err=True)
            raise typer.Exit(USAGE) from None
        except BrokenPipeError:
            leave_broken_pipe()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.filename is None and error.errno in _NO_MORE_OUTPUT:
                leave_broken_pipe()
                typer.echo(f"weaklink: cannot write what there is to say: {os.strerror(error.errno).lower()}", err=True)
                raise typer.Exit(BROKEN) from None
            if error.filename is None:  # no file that somebody named: a fault of ours
                raise
            why = (error.strerror or type(error).__name__).lower()
            typer.echo(
                f"weaklink: cannot use {error.filename}: {why}; check the path, and who may write there", err=True
            )
            raise typer.Exit(USAGE) from None
        except KeyboardInterrupt:
            typer.echo("", err=True)
            raise typer.Exit(INTERRUPTED) from None
        return result


def leave_broken_pipe() -> None:
    """The reader went away (`weaklink list | head`): write the rest nowhere, so that leaving says nothing."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # a captured stdout has no file
        return
