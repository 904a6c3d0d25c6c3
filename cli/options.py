"""What all commands have in common: `--json` may stand behind each of them too."""

from __future__ import annotations

from typing import Any

import click

from cli.session import Session


def _as_json(context: click.Context, _option: click.Parameter, chosen: bool) -> None:
    session = context.find_object(Session)
    if chosen and session is not None:
        session.terminal.as_json = True


class Command(click.Command):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_as_json,
                help="One JSON document on stdout.",
            )
        )


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
