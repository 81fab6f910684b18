"""Which token comes next: the likeliest, or one drawn from the row's own random numbers.

And what the model thought of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def sample(logits: Any, temperature: float, uniforms: Sequence[float], top_p: float = 1.0) -> Any:
    """One token a row by inverting the cumulative distribution at the row's own uniform number.

    Parameters
    ----------
    logits : tensor, shape (n_rows, n_tokens)
    temperature : float
        Above 0.
    uniforms : sequence of float, shape (n_rows,)
        Each in [0, 1).
    top_p : float
        Tokens outside the smallest set whose probabilities add up to this are not drawn.

    Returns
    -------
    tensor of int, shape (n_rows,)
    """
    import torch

    weights = torch.softmax(logits.double() / temperature, dim=-1)
    if top_p < 1:
        ordered, places = weights.sort(dim=-1, descending=True)
        # A token stays while those before it have not reached the share yet.
        ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
        weights = torch.zeros_like(weights).scatter(-1, places, ordered)
    sums = weights.cumsum(-1)
    points = torch.tensor(uniforms, dtype=sums.dtype, device=sums.device)[:, None]
    # Scaled by the total, which rounding keeps a little off one, so the last token stays in reach.
    chosen = torch.searchsorted(sums, points * sums[:, -1:], right=top_p < 1).squeeze(-1)
    return chosen.clamp(max=sums.shape[-1] - 1)


def scores_of(logits: Any, chosen: Any) -> list[list[float]]:
    """Of each row, the log-probability of its token and the certainty of its distribution.

    Both at temperature 1, whatever the token was drawn with. The certainty is the Kullback-Leibler
    divergence of the distribution p over all V tokens from the uniform one, -1/V sum_j log(V p_j),
    in nats (Kang, Zhao and Song 2025, arXiv 2502.18581, whose mean over tokens is self-certainty).

    Parameters
    ----------
    logits : tensor, shape (n_rows, n_tokens)
    chosen : tensor of int, shape (n_rows,)

    Returns
    -------
    list of [float, float], n_rows of them
    """
    import torch

    logs = logits.float().log_softmax(-1)
    own = logs.gather(-1, chosen[:, None])[:, 0]
    certainty = -logs.mean(-1) - math.log(logs.shape[-1])
    found: list[list[float]] = torch.stack([own, certainty], dim=1).tolist()
    return found
