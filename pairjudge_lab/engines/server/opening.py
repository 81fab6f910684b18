"""From ``http://HOST:PORT/v1#MODEL`` to an engine."""

from __future__ import annotations

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.server.engine import ServerEngine
from pairjudge_lab.engines.server.options import ServerOptions


def open_server(spec: str, options: ModelOptions) -> ServerEngine:
    """The engine of the server at an address, with the model's name there behind a ``#``.

    ``options.batch_size`` is the most requests in flight.

    Raises
    ------
    UserError
        For an address that is none, or names no model.
    """
    address, _, model = spec.partition("#")
    if options.batch_size is None:
        return ServerEngine(address, model)
    begin = min(ServerOptions().begin_with, options.batch_size)
    return ServerEngine(
        address, model, ServerOptions(concurrency=options.batch_size, begin_with=begin)
    )
