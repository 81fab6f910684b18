"""numba's compiler where it is installed; elsewhere the same functions as plain Python.

They draw the same random numbers and give the same results either way: plain Python is slower, and
that is told once.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    import numba
except ModuleNotFoundError:
    numba = None


def njit(**settings: Any) -> Callable[[Function], Function]:
    """As ``numba.njit`` with settings.

    Args:
        settings: of ``numba.njit``, such as ``cache`` and ``nogil``; without numba not used.
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
