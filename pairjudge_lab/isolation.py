"""How the lab starts Python: without the working directory among the places of modules.

A ``json.py`` beside somebody's data must not run because the data are read. Python puts the working
directory first for ``-m`` unless told otherwise, and a relative entry of ``PYTHONPATH`` means it
too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def python_command(module: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module in a process of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def safe_environment() -> dict[str, str]:
    """The environment for a process that the lab starts; its own Python children are safe too."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    if "PYTHONPATH" in environment:
        given = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(p for p in given if Path(p).is_absolute())
    return environment


@contextmanager
def safe_children() -> Iterator[None]:
    """Processes that a library starts meanwhile get the safe environment."""
    before = dict(os.environ)
    os.environ.update(safe_environment())
    try:
        yield
    finally:
        for name in ("PYTHONSAFEPATH", "PYTHONPATH"):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
