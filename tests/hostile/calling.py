"""Commands called in this process, and what must hold of every call."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings

from pairjudge_lab.cli import main


def call(*arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command.

    What a command lets through is raised here: a traceback is a failure of the test.
    """
    out, err = io.StringIO(), io.StringIO()
    logger = logging.getLogger("pairjudge_lab")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = end.code
        finally:
            logger.setLevel(level)
    return code, out.getvalue(), err.getvalue()


def holds(code: int, out: str, err: str) -> str:
    """What is wrong with how a command ended; empty where nothing is."""
    if code not in (0, 2):
        return f"exit code {code}"
    lines = [line for line in err.splitlines() if line.startswith("pairjudge-lab")]
    if code == 2 and len(lines) != 1:
        return f"{len(lines)} lines of error"
    if "Traceback" in err or "\x1b" in out + err:
        return "a traceback or an escape sequence"
    return ""
