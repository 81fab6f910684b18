"""numba's compiler where it is installed; elsewhere the same functions as plain Python.

They draw the same random numbers and give the same results either way: plain Python is slower, and
that is told once.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pairjudge_lab.records import UserError

Function = TypeVar("Function", bound=Callable[..., Any])

_PLANTED = Path(".numba_config.yaml")

# numba reads this file wherever one happens to work, now and again before it compiles. It can name
# the folder from which compiled code is loaded and run.
if _PLANTED.exists():
    raise UserError(
        f"there is a {_PLANTED} in the working directory, which would decide from where compiled "
        "code is loaded; remove it, or work in another folder"
    )

try:
    import numba
except ModuleNotFoundError:
    numba = None


def njit(**settings: Any) -> Callable[[Function], Function]:
    """As ``numba.njit`` with settings.

    Parameters
    ----------
    settings
        Of ``numba.njit``, such as ``cache`` and ``nogil``; without numba not used.
    """
    if numba is not None:
        compiled: Callable[[Function], Function] = numba.njit(**settings)
        return compiled
    return _plain


def _plain(function: Function) -> Function:
    @functools.wraps(function)
    def run(*args: Any) -> Any:
        _tell_once()
        return function(*args)

    return run  # type: ignore[return-value]


@functools.cache
def _tell_once() -> None:
    warnings.warn(
        "numba is not installed, so recorded verdicts are replayed by plain Python, which is slow: "
        "pip install 'pairjudge-lab[replay]'",
        stacklevel=4,
    )
