"""Whether a model's configuration and its weights speak of a model of one size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pairjudge_lab.engines.rendering import within
from pairjudge_lab.records import UserError

PATIENCE = 120.0
"""Seconds of the processor in which a model is laid out without its weights; it takes one or two,
also of hundreds of billions of parameters."""

_PACKED = 16
"""How many parameters of a quantised model one number in its files may stand for."""

_MORE = 10_000_000
"""Parameters that need not be in the files, such as a head of a kind that is read elsewhere."""


def check_sizes(
    spec: str, parameters: int, build: Callable[[], Any], *, packed: bool = False
) -> None:
    """Refuse a configuration whose model is far larger than the weights, before memory is taken.

    Parameters
    ----------
    spec : str
        What the user asked for.
    parameters : int
        How many the files hold.
    build : callable
        Makes the model from its configuration alone.
    packed : bool
        Whether the weights are quantised, so that one number holds several.

    Raises
    ------
    UserError
        When it is, or cannot be laid out in time.
    """
    laid_out = 0

    def lay_out() -> str:
        import torch

        nonlocal laid_out
        with torch.device("meta"):
            laid_out = sum(p.numel() for p in build().parameters())
        return ""

    within(PATIENCE, lay_out, f"laying out {spec} as its config.json says")
    if laid_out > 2 * (_PACKED if packed else 1) * parameters + _MORE:
        raise UserError(
            f"{spec}: config.json speaks of a model of {laid_out:,} parameters, and the files hold "
            f"{parameters:,}; one of them is not this model's"
        )
