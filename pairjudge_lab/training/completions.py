"""Which texts of a teacher a judge may be trained to write: one judgment, to the letter."""

from __future__ import annotations

import re

from pairjudge_lab.protocols import PointwiseProtocol
from pairjudge_lab.records import Judge, Status, StreamingJudge, UserError, Verdict

_LETTER = re.compile(
    r".*<resp_a_judge>(?:Correct|Incorrect)</resp_a_judge>\s*"
    r"<resp_b_judge>(?:Correct|Incorrect)</resp_b_judge>\s*",
    re.DOTALL,
)
_CRITIQUE = re.compile(r".*<resp_judge>(?:Correct|Incorrect)</resp_judge>\s*", re.DOTALL)
# What a cascade writes before its judges' texts, and several samples of one judge before theirs.
_COMPOSED = re.compile(r'\{"cascade": \[|Sample 1\n.*\n\nSample 2\n', re.DOTALL)
_COMPOSED_OF = ("first", "second", "pooling")


def refuse_composed(teacher: Judge | StreamingJudge | None) -> None:
    """Refuse a teacher whose verdicts hold the texts of several judges or of several samples.

    Raises
    ------
    UserError
        For a cascade, and for several samples a match.
    """
    if teacher is None:
        return
    told = teacher.identity
    if any(part in told for part in _COMPOSED_OF):
        raise UserError(
            "a judge is trained to write what its teacher wrote, and a cascade or several samples "
            f"a match ({told.get('name', 'this teacher')!r}) write several texts into one verdict; "
            "use one judge that is asked once"
        )


def to_the_letter(verdict: Verdict) -> str | None:
    """A judgment's text when it ends in both labels exactly as they are asked for, else None.

    The last closing tag is given back where a backend took it as a stop string.
    """
    if verdict.status is not Status.PARSED:
        return None
    text = _ended(verdict.text, "</resp_b_judge>")
    tags = ("<resp_a_judge>", "<resp_b_judge>", "</resp_a_judge>", "</resp_b_judge>")
    sound = _LETTER.fullmatch(text) and all(text.count(tag) == 1 for tag in tags)
    return text if sound and not _COMPOSED.match(text) else None


def critique_to_the_letter(text: str, protocol: PointwiseProtocol) -> str | None:
    """A critique that ends in its label exactly as it is asked for, else None.

    The closing tag is given back where a backend took it as a stop string.
    """
    text = _ended(text, protocol.close)
    tags = ("<resp_judge>", protocol.close)
    sound = _CRITIQUE.fullmatch(text) and all(text.count(tag) == 1 for tag in tags)
    return text if sound and protocol.label(text)[1] is Status.PARSED else None


def _ended(text: str, tag: str) -> str:
    text = text.rstrip()
    return text if text.endswith(tag) else text + tag
