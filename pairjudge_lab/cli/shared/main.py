"""The parser of all commands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from importlib import import_module
from pkgutil import iter_modules

from pairjudge_lab.cli.shared.plain_output import plain, plain_output
from pairjudge_lab.cli.shared.quiet import ignore_deprecations
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import UserError

PACKAGE = "pairjudge_lab.cli"

PATIENCE = 5.0
"""Seconds for which further interrupts are ignored."""


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

    Parameters
    ----------
    argv : list of str or None
        The words after the program's name; None takes those of this process, and then what
        libraries tell developers is not shown.

    Returns
    -------
    int
        The exit code: 0, 2 for what the user can put right, 130 when interrupted.
    """
    args = build_parser().parse_args(argv)
    if argv is None:
        ignore_deprecations()
        _interrupt_once()
    try:
        with naming_extras(), plain_output():
            args.run(args)
    except UserError as problem:
        return _refused(str(problem))
    except KeyboardInterrupt:
        # A second one would only interrupt the ending.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(
            "pairjudge-lab: interrupted; every finished batch is stored, and the same command goes "
            "on from there",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:  # the reader of our output has gone
        _drop_output()
        return 1
    except MemoryError:
        return _refused("out of memory; ask for less at once, or use a larger machine")
    except OSError as problem:
        # A full disk, a folder that went away: what a file cannot do is said where it is used.
        _drop_output()
        named = f"{problem.filename}: " if problem.filename is not None else ""
        return _refused(f"{named}{problem.strerror or problem}")
    return 0


def _interrupt_once() -> None:
    """Let a second interrupt within seconds pass: it would only break off what ends the first.

    One that comes later is raised again, in case a library swallowed the first.
    """
    last = -PATIENCE

    def interrupt(*_: object) -> None:
        nonlocal last
        if time.monotonic() - last >= PATIENCE:
            last = time.monotonic()
            raise KeyboardInterrupt

    # A shell starts a command in the background with interrupts ignored: that stays so. Outside the
    # main thread nothing can be set, and nothing is.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, interrupt)


def _refused(message: str) -> int:
    print(f"pairjudge-lab: {plain(' '.join(message.split()))}", file=sys.stderr)
    return 2


def _drop_output() -> None:
    """Leave nothing for the interpreter to flush where it cannot be written."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
