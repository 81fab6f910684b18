"""Which completion answers which request.

On a connection that is kept, a server that sends one response twice shifts all that follow: each
answers the request before. What can be tied is tied: a completion's id is new, and one that holds
a request's name holds the name of its own.
"""

from __future__ import annotations

import re
from collections import OrderedDict

NAME = re.compile(r"pairjudge-[0-9a-f]{16}")
"""The name that each request is sent under, as X-Request-Id; some servers repeat it."""
REMEMBERED = 100_000


class Identifiers:
    """The ids of the completions that one server has sent.

    ``keep`` says whether connections may be kept: once the server has given two ids of its own, and
    until one is repeated or missing. A new connection has one request, so that what comes on it
    needs no id.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._unsound = False

    @property
    def keep(self) -> bool:
        return not self._unsound and len(self._seen) > 1

    def tied(self, name: str, told: tuple[str, ...], *, kept: bool) -> bool:
        """Whether a completion belongs to the request of that name.

        Parameters
        ----------
        name : str
            The request's own.
        told : tuple of str
            The completion's id, and what the response's headers say of the request.
        kept : bool
            Whether the connection may have carried another request.
        """
        for text in told:
            found = NAME.search(text)
            if found and found[0] != name:
                self._unsound = True
                return False
        identifier = told[0][:200]
        new = bool(identifier) and identifier not in self._seen
        if not new:
            self._unsound = True
            return not kept
        self._seen[identifier] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
