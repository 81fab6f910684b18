"""Files of ours, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairjudge_lab.records import UserError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A new file beside ``path`` to write to, which takes its name once it is complete.

    Nobody ever sees half a file. The new file's name cannot be foreseen, so a link that somebody
    put in its place is not written through.

    Raises
    ------
    UserError
        When it cannot be written.
    """
    new: Path | None = None
    try:
        if path.is_dir():
            raise UserError(f"cannot write {path}: it is a folder")
        handle, name = tempfile.mkstemp(prefix=".new-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        new = Path(name)
        new.chmod(0o666 & ~_umask())
        yield new
        new.replace(path)
        new = None
    except OSError as problem:
        said = problem.strerror or str(problem)
        raise UserError(f"cannot write {path}: {said}") from None
    finally:
        if new is not None:
            with contextlib.suppress(OSError):
                new.unlink()


@contextmanager
def table_format(path: Path) -> Iterator[None]:
    """Whatever makes a kind of file unfit for a table becomes a ``UserError``: a column of numbers
    and texts in Parquet, a whole number of twenty digits, bytes in JSON."""
    import pyarrow as pa

    try:
        yield
    except UserError:
        raise
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError) as problem:
        said = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        raise UserError(
            f"a column does not fit into a {path.suffix} file: {said:.200}; write another kind of "
            "file, or leave the column out"
        ) from None


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that nobody ever sees half of it.

    Raises
    ------
    UserError
        When it cannot be written.
    """
    with whole_file(path) as new:
        new.write_text(text, encoding="utf-8")


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
