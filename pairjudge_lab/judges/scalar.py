"""Scalar reward models: a number for each response, and the larger one wins.

What Table 2 of the paper calls a reward model: a sequence classifier with one output
(Skywork-Reward, a Bradley-Terry model trained here) that reads the conversation in which the
response was given. Such a model says which response it prefers, and nothing of whether either is
correct.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.protocols.quarantine import Quarantine
from pairjudge_lab.records import Match, Status, UserError, Verdict

MOST_KNOWN = 500_000
"""Scores kept in memory: a response is scored once, not once a match."""


class ScalarJudge:
    """Judges a match by two scores.

    Args:
        name: what the judge is called in tables.
        model: a sequence classifier of transformers with one output, in evaluation mode; remote
            code that answers with ``.score`` (ArmoRM) or a bare tensor (EurusRM) is read too.
        tokenizer: its tokenizer, with a chat template.
        weights: digest or revision of the weights.
        options: how it is run.

    Raises:
        UserError: when the tokenizer has no chat template.
    """

    def __init__(
        self, name: str, model: Any, tokenizer: Any, weights: str, options: ModelOptions
    ) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise UserError(f"{name} has no chat template, so it cannot be asked; use a chat model")
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self._weights = weights
        self._quarantine = Quarantine((), tokenizer.all_special_tokens)
        room = getattr(model.config, "max_position_embeddings", None) or 4096
        self._window = min(4096, room)
        self._rows = options.batch_size or 32
        self._known: dict[tuple[int, ...], float] = {}

    @property
    def identity(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "protocol": "scalar",
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
        A response that does not fit the window makes a ``failed`` verdict.
        """
        asked = [
            tuple(self._encode(match.question, text))
            for match in matches
            for text in (match.response_a, match.response_b)
        ]
        scores = self.scores(asked)
        verdicts = []
        for place in range(len(matches)):
            ids, (a, b) = asked[2 * place : 2 * place + 2], scores[2 * place : 2 * place + 2]
            tokens = sum(map(len, ids))
            if a is None or b is None:
                reason = f"a response does not fit the window of {self._window} tokens"
                verdicts.append(Verdict(Status.FAILED, reason=reason, prompt_tokens=tokens))
            else:
                verdicts.append(replace(prefer(a, b), prompt_tokens=tokens))
        return verdicts

    def scores(self, asked: Sequence[tuple[int, ...]]) -> list[float | None]:
        """A score for each conversation of token ids; None for one that does not fit."""
        new = sorted({ids for ids in asked if ids not in self._known}, key=len)
        new = [ids for ids in new if len(ids) <= self._window]
        for begin in range(0, len(new), self._rows):
            some = new[begin : begin + self._rows]
            for ids, score in zip(some, self._score(some), strict=True):
                self._known[ids] = score
        found = [self._known.get(ids) for ids in asked]
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        return found

    def _score(self, rows: Sequence[tuple[int, ...]]) -> list[float]:
        import torch

        pad = self.tokenizer.pad_token_id
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self.tokenizer.eos_token_id if pad is None else pad)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        device = self.model.device
        with torch.inference_mode():
            out = self.model(input_ids=ids.to(device), attention_mask=mask.to(device))
        return read_scores(out, len(rows))

    def _encode(self, question: str, response: str) -> list[int]:
        clean = self._quarantine.clean
        said = [
            {"role": "user", "content": clean(question)},
            {"role": "assistant", "content": clean(response)},
        ]
        text = self.tokenizer.apply_chat_template(said, tokenize=False).rstrip()
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)


def read_scores(out: Any, rows: int) -> list[float]:
    """One number for each row of a model's output.

    Raises:
        UserError: when there are more or fewer, so that none of them is the score.
    """
    import torch

    found = getattr(out, "score", None)
    if found is None:
        found = out if isinstance(out, torch.Tensor) else out.logits
    if found.numel() != rows:
        raise UserError(
            f"a scalar reward model gives one number a response; this one gave {found.numel()} for "
            f"{rows} responses"
        )
    return [float(x) for x in found.float().flatten().tolist()]


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
