"""Groups of commands whose first word may be a file: it is then given to the command that reads files."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


def group_with_default(default: str) -> type[TyperGroup]:
    """Make a class of groups in which anything that is no command's name goes to the command `default`."""

    class WithDefault(TyperGroup):
        """A group of commands, one of which is meant where none is named."""

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in {*self.commands, *ctx.help_option_names}:
                args = [default, *args]
            return super().parse_args(ctx, args)

    return WithDefault
