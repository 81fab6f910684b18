"""The engine of a server: an address, a model's name there, and how it is treated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pairjudge_lab.engines.server.concurrency import Concurrency
from pairjudge_lab.engines.server.options import KEY_VARIABLE, ServerOptions
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from pairjudge_lab.engines.server.session import ServerSession


class ServerEngine:
    """Generates text at a server that speaks the OpenAI chat protocol.

    Parameters
    ----------
    address : str
        The base address, such as ``http://127.0.0.1:8000/v1``.
    model : str
        The model's name at the server.
    options : ServerOptions, optional
        How the server is treated.

    Raises
    ------
    UserError
        For an address that is no HTTP address, or that holds a password, and for no model.

    Notes
    -----
    The server's tokenizer is not known here: control strings are kept out of prompts by the wide
    list, and how long a prompt is only the server can tell. ``thinking_budget`` is the server's
    business; it is not enforced.
    """

    control_strings: None = None

    def __init__(self, address: str, model: str, options: ServerOptions | None = None) -> None:
        check_address(address)
        if not model or not model.isprintable():
            raise UserError(
                "name the model at the server behind a #, such as http://127.0.0.1:8000/v1#NAME"
            )
        self.address = address.rstrip("/")
        self.model = self.name = model
        self.options = options or ServerOptions()
        self._concurrency = Concurrency(self.options.begin_with, self.options.concurrency)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"name": self.model, "server": self.address}

    @property
    def capacity(self) -> int:
        """Twice what is in flight at present: the next request waits beside the connection, and is
        sent the moment that an answer has come."""
        return 2 * self._concurrency.limit

    @property
    def sent(self) -> int:
        """How many requests were sent so far, those that were sent again included."""
        return self._concurrency.sent

    def session(self, config: GenerationConfig) -> ServerSession:
        """Connections to the server that keep many requests in flight.

        Raises
        ------
        UserError
            When the client's package is not installed.
        """
        with naming_extras():
            from pairjudge_lab.engines.server.asking import Asker
            from pairjudge_lab.engines.server.session import ServerSession

        return ServerSession(
            lambda: Asker(self.address, self.model, config, self.options, self._concurrency),
            self._concurrency,
        )


def check_address(address: str) -> None:
    """Refuse what is no address of a server.

    Raises
    ------
    UserError
        With an example of one.
    """
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        sound = sound and address.isprintable() and " " not in address and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise UserError(f"a server's address looks like http://127.0.0.1:8000/v1, got {address!r}")
    if parts.username or parts.password:
        raise UserError(f"an address holds no password; put the key into {KEY_VARIABLE}")
