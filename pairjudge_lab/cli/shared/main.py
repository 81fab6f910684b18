"""The parser of all commands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pkgutil import iter_modules

from pairjudge_lab.cli.shared.quiet import ignore_deprecations
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import UserError

PACKAGE = "pairjudge_lab.cli"


def command_names() -> list[str]:
    """The modules of the package ``cli``, which are its commands, in alphabetical order."""
    found = iter_modules(import_module(PACKAGE).__path__)
    return sorted(module.name for module in found if not module.ispkg)


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command and all their options."""
    from pairjudge_lab import __version__

    parser = argparse.ArgumentParser(
        prog="pairjudge-lab",
        description="A research workbench around pairwise LLM judges. Start with 'demo'.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in command_names():
        command = import_module(f"{PACKAGE}.{name}")
        its_parser = commands.add_parser(name.replace("_", "-"), help=command.HELP)
        its_parser.set_defaults(run=command.run)
        command.add_options(its_parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the words after the program's name; None takes those of this process, and then what
            libraries tell developers is not shown.

    Returns:
        The exit code: 0, 2 for input that the user can put right, 130 when interrupted.
    """
    args = build_parser().parse_args(argv)
    if argv is None:
        ignore_deprecations()
    try:
        with naming_extras():
            args.run(args)
    except UserError as problem:
        print(f"pairjudge-lab: {' '.join(str(problem).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "pairjudge-lab: interrupted; every finished batch is stored, and the same command goes "
            "on from there",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:  # the reader of our output has gone
        sys.stderr.close()
        return 1
    return 0
