"""Compiled code that is older than any of its sources is made anew: numba looks at the file of the
outermost function alone, and would run what it compiled before."""

from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "pairjudge_lab"
SOURCES = [PACKAGE / "compiling.py", *(PACKAGE / "replay" / "compiled").glob("*.py")]


def clear_outdated() -> None:
    newest = max(source.stat().st_mtime for source in SOURCES)
    for index in (PACKAGE / "replay" / "compiled" / "__pycache__").glob("*.nbi"):
        if index.stat().st_mtime < newest:
            index.unlink(missing_ok=True)


clear_outdated()
