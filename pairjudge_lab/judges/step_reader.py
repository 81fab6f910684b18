"""How process reward models, which score every step of a response, are asked and read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from pairjudge_lab.engines.rendering import ChatTemplate
from pairjudge_lab.judges.scalar import Asked
from pairjudge_lab.protocols.control_strings import PromptCheck, control_tokens
from pairjudge_lab.protocols.sanitizer import PromptSanitizer
from pairjudge_lab.records import Match, UserError

MOST_STEPS = 2_000
"""Steps of a response that are scored; with more it makes a ``failed`` verdict."""

_TAG = "\u043a\u0438"
_ANSWER = "Xq7answer"


class StepReader:
    """Reads a process reward model: the probability of "+" at the end of every step.

    Steps are the response's paragraphs, or its lines where it has but one paragraph. A solution is
    worth as much as its worst step.

    Parameters
    ----------
    tokenizer
        Of the model.
    name : str
        ``math-shepherd``, whose steps end in a tag (two Cyrillic letters, "ki"), or
        ``rlhflow-prm``, which is told one step a turn and needs a chat template.
    called : str
        What the model is called in messages.

    Raises
    ------
    UserError
        When a chat template is needed, and there is none or one that is not sound; when the
        tokenizer does not know the tag of the steps, or does not tell where its tokens stand.
    """

    def __init__(self, tokenizer: Any, name: str, called: str = "this reward model") -> None:
        self.name = name
        self._tokenizer = tokenizer
        self._clean = PromptSanitizer((), control_tokens(tokenizer)).clean
        self._signs = tuple(self._last(sign) for sign in ("+", "-"))
        self._template = ChatTemplate(called, tokenizer) if name == "rlhflow-prm" else None
        self._mark = self._last(_TAG)
        if self._template is None and tokenizer.decode([self._mark]).strip() != _TAG:
            raise UserError(
                f"the tokenizer of {called} takes the tag that ends a step apart, so it is no "
                "model of Math-Shepherd's kind"
            )
        if self._template is not None and not getattr(tokenizer, "is_fast", False):
            raise UserError(
                f"the tokenizer of {called} does not tell where its tokens stand; give the model "
                "one with a tokenizer.json"
            )
        self._checks: dict[int, PromptCheck] = {}

    def ask(self, match: Match) -> list[Asked]:
        lay_out = self._tagged if self._template is None else self._turns
        question = self._clean(match.question)
        asked = []
        for response in (match.response_a, match.response_b):
            steps = steps_of(self._clean(response))
            if len(steps) > MOST_STEPS:
                raise UserError(
                    f"a response of {len(steps):,} steps; at most {MOST_STEPS:,} are scored"
                )
            one = lay_out(question, steps)
            if len(steps) not in self._checks:
                plain = lay_out("1", ["1"] * len(steps))
                self._checks[len(steps)] = PromptCheck.of(self._tokenizer, plain.ids)
            self._checks[len(steps)].refuse(one.ids)
            asked.append(one)
        return asked

    def read(self, out: Any, asked: Sequence[Asked]) -> list[float]:
        import torch

        found = []
        for row, one in enumerate(asked):
            logits = out.logits[row, list(one.places)][:, list(self._signs)].float()
            found.append(float(torch.softmax(logits, dim=-1)[:, 0].min()))
        return found

    def _tagged(self, question: str, steps: list[str]) -> Asked:
        # The tag must not be written by the response itself.
        kept = [step.replace(_TAG, f"{_TAG[0]} {_TAG[1]}") for step in steps]
        lines = [f"Step {i}: {step} {_TAG}" for i, step in enumerate(kept, 1)]
        ids = list(self._tokenizer(f"{question} " + "\n".join(lines)).input_ids)
        places = [i for i, token in enumerate(ids) if token == self._mark][-len(steps) :]
        if len(places) < len(steps):
            raise UserError("a step's tag is lost among the tokens of its text")
        return Asked(tuple(ids), tuple(places))

    def _turns(self, question: str, steps: list[str]) -> Asked:
        """One conversation, in which each step but the last is answered with a "+".

        Where an answer begins is found by rendering it once more with another answer, which no text
        holds: turn by turn would take time that grows with the square of the steps.
        """
        assert self._template is not None
        answer, number = _ANSWER, 0
        while any(answer in text for text in (question, *steps)):
            number += 1
            answer = f"{_ANSWER}{number}"
        pieces = self._template.render(_said(question, steps, answer)).split(answer)
        text = self._template.render(_said(question, steps, "+"))
        if len(pieces) != len(steps) or "+".join(pieces) != text:
            raise UserError("the chat template does not show each step and its answer once")
        found = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends = list(accumulate(len(piece) + 1 for piece in pieces))
        begins = [begin for begin, _ in found.offset_mapping]
        # The token before the one that an answer begins with.
        places = [bisect_left(begins, end - 1) - 1 for end in ends]
        return Asked(tuple(found.input_ids), tuple(places))

    def _last(self, text: str) -> int:
        return int(self._tokenizer(text, add_special_tokens=False).input_ids[-1])


def _said(question: str, steps: list[str], answer: str) -> tuple[tuple[str, str], ...]:
    said: list[tuple[str, str]] = []
    for number, step in enumerate(steps):
        said += [("user", step if number else f"{question} {step}"), ("assistant", answer)]
    return tuple(said[:-1])


def steps_of(response: str) -> list[str]:
    """A response's paragraphs, or its lines where it has but one; never none."""
    parts = response.split("\n\n") if "\n\n" in response.strip() else response.splitlines()
    return [" ".join(part.split()) for part in parts if part.strip()] or [""]
