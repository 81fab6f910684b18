"""A teacher for the small world: it works every step again, and errs with a given probability."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges import load_judge
from pairjudge_lab.protocols import AsksApart, PairJudgeProtocol, PointwiseProtocol, read_answers
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import Judge, Match, Status, StreamingJudge, UserError, Verdict
from pairjudge_lab.toy.chains import Chain, parse_chain, write_check, write_judgment

NAME = "chain-teacher"
PAIRWISE = Template("""Check each response step by step, then judge it.
<question>
{question}
</question>
<response_a>
{response_a}
</response_a>
<response_b>
{response_b}
</response_b>""")
POINTWISE = Template(
    """Check the response step by step, then judge it.
<question>
{question}
</question>
<response>
{response}
</response>""",
    places=("question", "response"),
)
WORDS = {False: "Incorrect", True: "Correct"}


@dataclass(frozen=True, slots=True)
class ChainTeacher:
    """Judges arithmetic chains by working them out, in writing.

    Parameters
    ----------
    pointwise : bool
        Ask about each response alone.
    errors : float
        The probability that a judgment's last label is turned round, so that a funnel has something
        to catch; drawn from the match's texts alone.
    sloppy : float
        The probability that a judgment is written in words instead of tags.
    """

    pointwise: bool = False
    errors: float = 0.0
    sloppy: float = 0.0
    capacity: int = 4096

    @property
    def protocol(self) -> PairJudgeProtocol | PointwiseProtocol:
        return PointwiseProtocol(POINTWISE) if self.pointwise else PairJudgeProtocol(PAIRWISE)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {
            "name": NAME,
            "pointwise": self.pointwise,
            "errors": self.errors,
            "sloppy": self.sloppy,
        }

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """The teacher's verdicts; a question of another world makes a ``failed`` one."""
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        try:
            chain = parse_chain(match.question)
        except ValueError as problem:
            return Verdict(Status.FAILED, reason=str(problem))
        texts = [match.response_a, match.response_b]
        parts = json.dumps([match.question, *texts, match.repetition]).encode()
        digest = hashlib.sha256(parts).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        wrong, sloppy = rng.random(2) < (self.errors, self.sloppy)
        written = (
            [critique(chain, text) for text in texts]
            if self.pointwise
            else [write_judgment(chain, *texts)]
        )
        if wrong:
            head, _, label = written[-1].rpartition(">Correct<")
            turned = f"{head}>Incorrect<{label}" if head else ""
            written[-1] = turned or ">Correct<".join(written[-1].rsplit(">Incorrect<", 1))
        if sloppy:
            written[-1] = written[-1].rpartition("<resp_")[0] + "I think it is fine."
        protocol = self.protocol
        asked = AsksApart if self.pointwise else PairJudgeProtocol
        assert isinstance(protocol, asked)
        return read_answers(protocol, [(text, False) for text in written])


def critique(chain: Chain, response: str) -> str:
    """The teacher's completion about one response alone."""
    check, right = write_check(chain, response)
    return f"Response\n{check}\n<resp_judge>{WORDS[right]}</resp_judge>"


def load_teacher(
    spec: str, options: ModelOptions, *, pointwise: bool = False
) -> Judge | StreamingJudge:
    """Load a teacher: ``chain-teacher``, or any judge.

    Parameters
    ----------
    spec : str
        As ``load_judge`` takes it, or as ``chain_teacher`` does.
    options : ModelOptions
        How a model is run.
    pointwise : bool
        Whether it is to be asked about each response alone.

    Raises
    ------
    UserError
        An unknown name or setting, or a model that cannot be loaded.
    """
    if spec.partition(":")[0] == NAME:
        return replace(chain_teacher(spec), pointwise=pointwise)
    return load_judge(spec, replace(options, protocol="pointwise") if pointwise else options)


def chain_teacher(spec: str) -> ChainTeacher:
    """A teacher from a string such as ``chain-teacher:errors=0.1,sloppy=0.1``.

    Raises
    ------
    UserError
        A setting that there is not.
    """
    settings: dict[str, float] = {}
    for part in filter(None, spec.partition(":")[2].split(",")):
        key, _, value = part.partition("=")
        try:
            if key not in ("errors", "sloppy") or not 0 <= float(value) <= 1:
                raise ValueError
        except ValueError:
            raise UserError(
                f"{NAME} takes errors and sloppy, each a probability; got {part!r}"
            ) from None
        settings[key] = float(value)
    return ChainTeacher(errors=settings.get("errors", 0.0), sloppy=settings.get("sloppy", 0.0))
