"""How a generator is asked for a solution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pairjudge_lab.engines.contract import Messages, Request
from pairjudge_lab.files.reading import json_lines
from pairjudge_lab.protocols.control_strings import KNOWN
from pairjudge_lab.protocols.sanitizer import PromptSanitizer
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import UserError

PLACES = ("question",)

STEP_BY_STEP = Template(
    """\
{question}

Solve this step by step. Give the final answer at the end, inside \\boxed{}.""",
    places=PLACES,
)
"""For chat models: the usual request, in our wording."""

BARE = Template("{question}", places=PLACES)
"""The question alone: for models that were trained on questions and solutions."""

FAMILIES = {"tiny-solver": BARE}
"""Wordings of generators that are known; all others are asked step by step."""


@dataclass(frozen=True)
class SolutionPrompt:
    """Asks for one solution of a problem.

    Parameters
    ----------
    template : Template
        The user's message, with the place ``{question}``.
    shots : sequence of (question, solution)
        Worked examples, shown as earlier turns of the conversation.
    system : str
        A system message; empty for none.
    reserved : iterable of str or None
        The generator's control strings, kept out of the question and the examples; None, where its
        tokenizer is not known, keeps those of every common family out.
    """

    template: Template = STEP_BY_STEP
    shots: tuple[tuple[str, str], ...] = ()
    system: str = ""
    reserved: Iterable[str] | None = None
    _sanitizer: PromptSanitizer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = () if self.reserved is not None else (KNOWN,)
        sanitizer = PromptSanitizer((), self.reserved or (), known)
        object.__setattr__(self, "_sanitizer", sanitizer)

    def request(self, question: str, number: int) -> Request:
        """The request for a problem's sample of that number, counted from 0."""
        return Request(self._messages(self._sanitizer.clean(question)), number, self._messages("1"))

    def _messages(self, question: str) -> Messages:
        head = (("system", self.system),) if self.system else ()
        clean = self._sanitizer.clean
        turns = tuple(
            turn
            for asked, solution in self.shots
            for turn in (
                ("user", self.template.fill({"question": clean(asked)})),
                ("assistant", clean(solution)),
            )
        )
        return (*head, *turns, ("user", self.template.fill({"question": question})))


def read_shots(path: Path) -> tuple[tuple[str, str], ...]:
    """Worked examples from a JSONL file with ``problem`` and ``solution`` in each line.

    Raises
    ------
    UserError
        When the file cannot be read, or a line lacks one of the two.
    """
    shots = []
    for where, row in json_lines(path):
        texts = (row.get("problem"), row.get("solution")) if isinstance(row, dict) else (None,)
        if len(texts) < 2 or not all(isinstance(text, str) and text for text in texts):
            raise UserError(f"{where}: a worked example has a text 'problem' and a text 'solution'")
        shots.append((str(texts[0]), str(texts[1])))
    return tuple(shots)
