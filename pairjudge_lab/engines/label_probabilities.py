"""Probabilities of labels: from a model's logits, and from what other engines tell of tokens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pairjudge_lab.protocols.labels import LabelPosition


class LabelReader:
    """Reads the probabilities of labels off logits.

    Parameters
    ----------
    piece : callable
        The text of a token.
    """

    def __init__(self, piece: Callable[[int], str]) -> None:
        self._piece = piece
        self._words: dict[tuple[str, ...], list[Any]] = {}

    def read(self, label: LabelPosition, logits: Any) -> list[tuple[float, ...]]:
        """The probabilities of a label's words in each row, as shares of their sum.

        Parameters
        ----------
        logits : tensor, shape (n_rows, n_tokens)

        Returns
        -------
        list of tuple, shape (n_rows, n_words)
        """
        import torch

        if label.words not in self._words:
            pieces = [self._piece(token) for token in range(logits.shape[-1])]
            self._words[label.words] = [
                torch.tensor(word, device=logits.device) for word in label.places(pieces)
            ]
        logs = torch.log_softmax(logits.float(), dim=-1)
        sums = [logs[:, word].logsumexp(-1) for word in self._words[label.words]]
        shares = torch.softmax(torch.stack(sums, dim=-1), dim=-1)
        return [tuple(row) for row in shares.tolist()]


def labels_from_tokens(
    tokens: Iterable[tuple[str, Mapping[str, float]]], labels: Sequence[LabelPosition]
) -> tuple[tuple[float, ...] | None, ...]:
    """The words' probabilities at the last place of each label.

    Parameters
    ----------
    tokens : iterable of (text, alternatives)
        Each token that was written, with the natural-log probabilities of the likeliest tokens at
        its place, itself among them.
    """
    found: list[tuple[float, ...] | None] = [None] * len(labels)
    written = ""
    longest = max((len(label.after) for label in labels), default=0)
    for text, told in tokens:
        for number, label in enumerate(labels):
            if label.after and written.endswith(label.after):
                found[number] = label.shares({t: math.exp(min(0.0, p)) for t, p in told.items()})
        written = (written + text)[-longest - len(text) :]
    return tuple(found)


def likeliest(share: Sequence[float]) -> int:
    """The place of the largest; of equal ones the last."""
    return max(range(len(share)), key=lambda i: (share[i], i))
