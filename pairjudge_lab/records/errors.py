"""What the user can put right."""

from __future__ import annotations


class UserError(ValueError):
    """Something the user can put right: the message says what was wrong and what to try.

    It is a ``ValueError``, so that code that knows nothing of this package catches it as one.

    Examples
    --------
    >>> from pairjudge_lab import UserError, load_pools
    >>> try:
    ...     load_pools("pools.xml")
    ... except UserError as problem:
    ...     print("xml" in str(problem))
    True
    """
