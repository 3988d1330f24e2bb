"""docs/reference-cli.md: the commands, as click knows them."""

from __future__ import annotations

import inspect

import click

from flask_heapview.cli import check_files, verify
from flask_heapview.cli.main import COMMANDS
from flask_heapview.cli.place import place_options

from .markdown import code, page, table

ABOUT = """`flask heapview COMMAND` finds the service of your Flask app. `flask-heapview COMMAND`
needs no app. Both have the same commands. [cli.md](cli.md) shows them at work."""
PLACE = """These options stand before the command, or after it where it says so. What stands
nearer to the command counts. [cli.md](cli.md#which-service) says which service is meant without
them."""
CODES = """A service that refuses, or does not answer, ends a command with 1. Its sentence is on
standard error."""


def render() -> str:
    """The page."""
    shared = [option for option in place_options() if isinstance(option, click.Option)]
    names: set[str | None] = {option.name for option in shared}
    commands = sorted(COMMANDS, key=lambda command: command.name or "")
    return page(
        "Commands",
        ABOUT,
        "## Which service",
        PLACE,
        table(("option", "default", "meaning"), map(_option, shared)),
        *(_command(command, names) for command in commands),
        "## Exit codes",
        CODES,
        table(("command", "0", "1", "2", "3"), _codes()),
    )


def _codes() -> list[tuple[str, ...]]:
    words = {
        "check": {
            check_files.NO_LEAK: "no leak",
            check_files.LEAK: "a leak, or an error",
            check_files.INCONCLUSIVE: "inconclusive",
        },
        "verify": {code: name for name, code in verify.CODES.items()},
    }
    rows = [(code(name), *(of.get(n, "") for n in range(4))) for name, of in words.items()]
    usage = [(row[0], row[1], row[2], "wrong options", row[4]) for row in rows]
    return [*usage, ("all others", "it worked", "an error", "wrong options", "")]


def _command(command: click.Command, shared: set[str | None]) -> str:
    context = click.Context(command, info_name=command.name)
    usage = " ".join(["flask-heapview", command.name or "", *command.collect_usage_pieces(context)])
    own = [p for p in command.params if isinstance(p, click.Option) and p.name not in shared]
    where = {p.name for p in command.params if p.name and p.name in shared}
    parts = [
        f"## {command.name}",
        _paragraphs(command.help or ""),
        f"```text\n{usage}\n```",
        table(("option", "default", "meaning"), map(_option, own)),
        _where(where),
    ]
    return "\n\n".join(part for part in parts if part)


def _where(names: set[str]) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return "It takes `--dir`, too."
    return "It takes the options of [which service](#which-service), too."


def _paragraphs(text: str) -> str:
    parts = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


def _option(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    if not option.is_flag:
        names += f" {code(_value(option))}"
    return names, _default(option), option.help or ""


def _value(option: click.Option) -> str:
    """What follows an option. Not click's own word for it, which depends on its version."""
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    if isinstance(option.type, click.Path):
        return "FILE" if option.type.file_okay else "DIRECTORY"
    return option.type.name.partition(" ")[0].upper()


def _default(option: click.Option) -> str:
    if option.is_flag or option.default in (None, ""):
        return ""
    return "" if callable(option.default) or not option.show_default else code(option.default)
