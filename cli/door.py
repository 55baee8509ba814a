"""The group behind `wattledger`: exit codes, and errors in words."""

import errno
from typing import Any

import click

from cli.foreign import harmless
from wattledger.errors import Exit, WattledgerError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SENTENCE = 200  # characters: no first sentence of a help is longer
INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Door(click.Group):
    """A group whose commands return exit codes and whose errors on purpose are printed without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are used."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with its whole first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(limit=_SENTENCE)) for name, command in self.commands.items()]
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; leave with its exit code."""
        try:
            code = super().invoke(ctx)
        except WattledgerError as error:
            _complain(str(error))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            _complain("interrupted. What was committed stays; the next run goes on from there.")
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            _complain(
                f"no room left to write {error.filename or 'a file'}. What was loaded before is intact. Make room."
            )
            ctx.exit(Exit.FAILURE)
        if isinstance(code, Exit) and code is not Exit.OK:
            ctx.exit(code)
        return code


def _complain(text: str) -> None:
    click.echo(f"Error: {harmless(text)}", err=True)
