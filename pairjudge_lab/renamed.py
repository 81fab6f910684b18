"""Names of before: they work for one release, with a warning that tells the name of today."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar, cast

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Say that a name has changed.

    Parameters
    ----------
    old, new : str
        The names.
    stacklevel : int
        Whose line the warning shows: 3 for the caller of the function that calls this one.
    """
    warnings.warn(
        f"{old} is called {new} now; the old name will be removed in the next release",
        DeprecationWarning,
        stacklevel=stacklevel,
    )


def renamed_names(module: str, **names: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module that has classes under their old names.

    A type checker must not see it (``if not TYPE_CHECKING:``), or it would take every name for one
    that the module has.

    Parameters
    ----------
    module : str
        The module's ``__name__``.
    **names : str
        ``old="new"``.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        where = module.removeprefix("pairjudge_lab.")
        warn_renamed(f"{where}.{name}", f"{where}.{names[name]}")
        return getattr(sys.modules[module], names[name])

    return get


def renamed_attribute(old: str, new: str) -> Any:
    """An attribute under its old name; for the body of a class.

    Examples
    --------
    >>> class Judge:
    ...     position_bias = 0.1
    ...     slot_bias = renamed_attribute("slot_bias", "position_bias")
    >>> import warnings
    >>> with warnings.catch_warnings(record=True):
    ...     Judge().slot_bias
    0.1
    """

    def get(self: Any) -> Any:
        warn_renamed(f"{type(self).__name__}.{old}", new)
        return getattr(self, new)

    return property(get, doc=f"``{new}`` under its name of before.")


def moved_names(old: str, new: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module whose names are in another one now.

    Parameters
    ----------
    old, new : str
        The modules, in full. The new one is imported when a name is asked for.
    """

    def get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        found = getattr(import_module(new), name)
        warn_renamed(old, new.removesuffix(".__main__"))
        return found

    return get


def renamed_keywords(**names: str) -> Callable[[F], F]:
    """Let a function take keywords under their old names; a decorator.

    Parameters
    ----------
    **names : str
        ``old="new"``.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **more: Any) -> Any:
            return function(*args, **_new_names(function.__name__, names, more))

        return cast(F, call)

    return decorate


def renamed_arguments(**names: str) -> Callable[[C], C]:
    """Let a class take arguments under their old names; a decorator.

    Parameters
    ----------
    **names : str
        ``old="new"``.

    Raises
    ------
    TypeError
        When both names are given to the class.
    """

    def decorate(kind: C) -> C:
        # Of the class itself, which is decorated here and nowhere else.
        whole = kind.__init__  # type: ignore[misc]

        @functools.wraps(whole)
        def init(self: Any, *args: Any, **more: Any) -> None:
            whole(self, *args, **_new_names(kind.__name__, names, more))

        kind.__init__ = init  # type: ignore[misc]
        return kind

    return decorate


def _new_names(whose: str, names: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    for old in names.keys() & given.keys():
        new = names[old]
        if new in given:
            raise TypeError(f"{whose}: {old} and {new} are one argument")
        warn_renamed(f"{whose}({old}=)", f"{new}=", stacklevel=4)
        given[new] = given.pop(old)
    return given
