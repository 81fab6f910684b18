"""How families of judges are asked and read: pure text in, verdict out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols.labels import LabelPosition, is_last, soft_labels
from pairjudge_lab.protocols.pairjudge import PairJudgeProtocol
from pairjudge_lab.protocols.pointwise import PLACES as POINTWISE_PLACES
from pairjudge_lab.protocols.pointwise import PointwiseProtocol
from pairjudge_lab.protocols.preference import (
    MT_BENCH,
    PAIR_PREFERENCE,
    RRM,
    PreferenceProtocol,
)
from pairjudge_lab.protocols.template import PLACES, Template
from pairjudge_lab.records import Match, Status, UserError, Verdict
from pairjudge_lab.renamed import warn_renamed

CONTRACTS = {contract.name: contract for contract in (MT_BENCH, RRM, PAIR_PREFERENCE)}
PROTOCOLS = (PairJudgeProtocol.name, *CONTRACTS, PointwiseProtocol.name)
"""Protocols that ship with the lab, by name."""


class Asking(Protocol):
    """What every protocol has.

    ``generation`` holds the settings that the family was made for, which a user may override.
    ``label_positions`` are the places where labels stand, in the order in which they are written,
    and ``close`` what follows the last: enough to look up a label's probability, and to begin an
    answer for the judge.
    """

    @property
    def name(self) -> str: ...

    @property
    def generation(self) -> GenerationConfig: ...

    @property
    def template(self) -> Template: ...

    @property
    def label_positions(self) -> tuple[LabelPosition, ...]: ...

    @property
    def close(self) -> str: ...


class AsksOnce(Asking, Protocol):
    """One request a match, which shows both responses."""

    def messages(self, match: Match) -> list[dict[str, str]]: ...

    def read(self, text: str, *, cut_off: bool = ...) -> Verdict: ...


@runtime_checkable
class AsksApart(Asking, Protocol):
    """Several requests a match, whose answers are joined into one verdict."""

    def conversations(self, match: Match) -> list[list[dict[str, str]]]: ...

    def join(self, answers: Sequence[tuple[str, bool]]) -> Verdict: ...


JudgeProtocol = AsksOnce | AsksApart
"""How one family of judges is asked and read."""


Factory = Callable[[Template | None, Iterable[str]], JudgeProtocol]
"""Makes a protocol from a wording (None: its own) and the special tokens to keep out of texts."""

_REGISTERED: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Make a protocol of your own known by name, wherever a protocol is named in this process.

    The name is part of every verdict's identity: give a changed protocol another.

    Raises
    ------
    UserError
        For the name of a protocol that ships with the lab.
    """
    if name in PROTOCOLS:
        raise UserError(f"the protocol {name!r} ships with the lab; give yours another name")
    _REGISTERED[name] = factory


def known_protocols() -> tuple[str, ...]:
    """The names of all protocols, those registered in this process included."""
    return (*PROTOCOLS, *_REGISTERED)


def conversations(protocol: JudgeProtocol, match: Match) -> list[list[dict[str, str]]]:
    """The requests that a match takes."""
    if isinstance(protocol, AsksApart):
        return protocol.conversations(match)
    return [protocol.messages(match)]


def with_label_positions(protocol: JudgeProtocol) -> JudgeProtocol:
    """The protocol itself; one written for version 0.1 has its label positions as ``cues``."""
    if not hasattr(protocol, "label_positions") and hasattr(protocol, "cues"):
        warn_renamed(f"{type(protocol).__name__}.cues", "label_positions")
        object.__setattr__(protocol, "label_positions", protocol.cues)
    return protocol


def read_answers(protocol: JudgeProtocol, answers: Sequence[tuple[str, bool]]) -> Verdict:
    """The verdict in the answers (text, whether cut off) to a match's requests, in their order."""
    if isinstance(protocol, AsksApart):
        return protocol.join(answers)
    ((text, cut_off),) = answers
    return protocol.read(text, cut_off=cut_off)


class Written(Protocol):
    """What an engine wrote after one request, as far as reading it goes."""

    @property
    def text(self) -> str: ...

    @property
    def finish(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def labels(self) -> tuple[tuple[float, ...] | None, ...]: ...


def read_completions(protocol: JudgeProtocol, completions: Sequence[Written]) -> Verdict:
    """The verdict in the completions of a match's requests, with its labels' probabilities."""
    for completion in completions:
        if completion.finish == "error":
            return Verdict(Status.FAILED, reason=completion.reason)
    answers = [(c.text, c.finish == "length") for c in completions]
    verdict = read_answers(protocol, answers)
    if verdict.status is not Status.PARSED:
        return verdict
    positions = protocol.label_positions
    shares = [
        share if number >= len(positions) or is_last(c.text, positions[number].after) else None
        for c in completions
        for number, share in enumerate(c.labels)
    ]
    a, b = soft_labels(shares)
    return replace(verdict, a_probability=a, b_probability=b)


def is_finished(protocol: JudgeProtocol, text: str) -> bool:
    """Whether generation may end at a stop string that stands at the end of a text.

    A judge that quotes the form of a verdict writes the stop string before it has judged. An engine
    that can go on asks here each time one appears, and goes on where the answer is no. A protocol
    of one's own may have a method ``is_finished``; without it every stop string ends a text.
    """
    own: Callable[[str], bool] | None = getattr(protocol, "is_finished", None)
    return True if own is None else own(text)


def places(name: str) -> tuple[str, ...]:
    """The places that the wording of a protocol must have."""
    return POINTWISE_PLACES if name == PointwiseProtocol.name else PLACES


def protocol(
    name: str, template: Template | None = None, reserved: Iterable[str] = ()
) -> JudgeProtocol:
    """The protocol of that name, with its own wording or another.

    Raises
    ------
    UserError
        When there is none; the message lists those there are.
    """
    if name == PairJudgeProtocol.name:
        return PairJudgeProtocol(template, reserved)
    if name == PointwiseProtocol.name:
        return PointwiseProtocol(template, reserved)
    if name in CONTRACTS:
        return PreferenceProtocol(CONTRACTS[name], template, reserved)
    if name in _REGISTERED:
        return with_label_positions(_REGISTERED[name](template, reserved))
    raise UserError(f"no protocol named {name!r}; there are: {', '.join(known_protocols())}")


__all__ = [
    "PROTOCOLS",
    "AsksApart",
    "AsksOnce",
    "JudgeProtocol",
    "PairJudgeProtocol",
    "PointwiseProtocol",
    "PreferenceProtocol",
    "conversations",
    "is_finished",
    "known_protocols",
    "places",
    "protocol",
    "read_answers",
    "read_completions",
    "register",
    "with_label_positions",
]
