"""Judges that give each response a number, and prefer the larger.

What Table 2 of the paper (arXiv 2501.13007) calls reward models: sequence classifiers that score a
whole response (Skywork-Reward, ArmoRM, Eurus-RM), process reward models that score every step of
it (Math-Shepherd, RLHFlow's), and rankers that read both responses at once (PairRM). Such a model
says which response it prefers, and nothing of whether either is correct.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.rendering import EndlessTemplateError
from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind

DEFAULT_WINDOW = 4096
"""Tokens of a text that is scored, where no other window is asked for."""

MOST_KNOWN = 500_000
"""Scores kept in memory: a response is scored once, not once a match."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text to score as token ids, and the places at which its steps are read."""

    ids: tuple[int, ...]
    places: tuple[int, ...] = ()


class Reader(Protocol):
    """How one family of scoring models is asked and read."""

    @property
    def name(self) -> str: ...

    def ask(self, match: Match) -> list[Asked]:
        """What is read for a match: one text for each response."""
        ...

    def read(self, out: Any, asked: Sequence[Asked]) -> list[float]:
        """The scores in a model's output for a batch of texts, padded on the right."""
        ...


class ScalarJudge:
    """Judges a match by two scores.

    Parameters
    ----------
    name : str
        What the judge is called in tables.
    model
        A model of transformers, in evaluation mode.
    pad : int
        The token that fills a batch.
    reader : Reader
        How it is asked and read.
    weights : str
        Digest or revision of the weights.
    options : ModelOptions
        How it is run.
    """

    def __init__(
        self, name: str, model: Any, pad: int, reader: Reader, weights: str, options: ModelOptions
    ) -> None:
        self.name = name
        self.model = model
        self.reader = reader
        self.options = options
        self._pad = pad
        self._weights = weights
        longest = getattr(model.config, "max_position_embeddings", None) or DEFAULT_WINDOW
        self._window = min(options.context_window or DEFAULT_WINDOW, longest)
        self._rows = options.batch_size or 32
        self._known: dict[Asked, float] = {}

    @property
    def kind(self) -> VerdictKind:
        return VerdictKind.PREFERENCE

    @property
    def identity(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "protocol": self.reader.name,
            "weights": self._weights,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "quantisation": self.options.quantisation,
            "window": self._window,
        }

    @property
    def capacity(self) -> int:
        return self._rows

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """The response with the larger score is preferred, equal scores are a tie.

        ``a_probability`` is the Bradley-Terry probability 1 / (1 + exp(score of B - score of A)).
        A response that does not fit the window, or that the model's chat template does not show,
        makes a ``failed`` verdict.
        """
        asked = [self._ask(match) for match in matches]
        self._score({one for pair in asked if not isinstance(pair, str) for one in pair})
        verdicts = []
        for pair in asked:
            if isinstance(pair, str):
                verdicts.append(Verdict(Status.FAILED, reason=pair))
                continue
            tokens = sum(len(one.ids) for one in pair)
            scores = [self._known[one] for one in pair if one in self._known]
            if len(scores) == len(pair):
                verdicts.append(replace(prefer(scores[0], scores[1]), prompt_tokens=tokens))
            else:
                reason = f"a response does not fit the window of {self._window} tokens"
                verdicts.append(Verdict(Status.FAILED, reason=reason, prompt_tokens=tokens))
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        return verdicts

    def _ask(self, match: Match) -> list[Asked] | str:
        """What is read for a match, or why nothing can be: a text that a template cannot take."""
        try:
            return self.reader.ask(match)
        except EndlessTemplateError:
            raise
        except UserError as problem:
            return str(problem)

    def _score(self, asked: set[Asked]) -> None:
        """Score what has not been scored yet and fits, in batches of like length."""
        new = [one for one in asked if one not in self._known and len(one.ids) <= self._window]
        new.sort(key=lambda one: (len(one.ids), one.ids))
        for begin in range(0, len(new), self._rows):
            some = new[begin : begin + self._rows]
            scores = self.reader.read(run_padded(self.model, some, self._pad), some)
            self._known.update(zip(some, scores, strict=True))


def run_padded(model: Any, asked: Sequence[Asked], pad: int) -> Any:
    """A model's output for texts of different length, padded on the right."""
    import torch

    width = max(len(one.ids) for one in asked)
    ids = torch.full((len(asked), width), pad)
    mask = torch.zeros_like(ids)
    for place, one in enumerate(asked):
        ids[place, : len(one.ids)] = torch.tensor(one.ids)
        mask[place, : len(one.ids)] = 1
    with torch.inference_mode():
        return model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device))


def prefer(a: float, b: float) -> Verdict:
    """The verdict of two scores, with the Bradley-Terry probability of each."""
    text = f"score of response A {a:.6g}, of response B {b:.6g}"
    if not (math.isfinite(a) and math.isfinite(b)):
        return Verdict(Status.FAILED, text=text, reason="a score is not a finite number")
    said = "tie" if a == b else "A" if a > b else "B"
    chance = 1 / (1 + math.exp(max(-500.0, min(500.0, b - a))))
    return Verdict(
        Status.PARSED, text=text, preference=said, a_probability=chance, b_probability=1 - chance
    )
