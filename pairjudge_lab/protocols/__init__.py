"""How families of judges are asked and read: pure text in, verdict out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pairjudge_lab.protocols.pairjudge import WORDING, PairJudgeProtocol
from pairjudge_lab.protocols.preference import MT_BENCH, RRM, PreferenceProtocol
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import Match, UserError, Verdict

CONTRACTS = {contract.name: contract for contract in (MT_BENCH, RRM)}
PROTOCOLS = (PairJudgeProtocol.name, *CONTRACTS)
"""Protocols known by name."""


class JudgeProtocol(Protocol):
    """How one family of judges is asked and read."""

    @property
    def name(self) -> str: ...

    @property
    def stop(self) -> tuple[str, ...]: ...

    @property
    def template(self) -> Template: ...

    def messages(self, match: Match) -> list[dict[str, str]]: ...

    def max_new_tokens(self, prompt_tokens: int, window: int = ...) -> int: ...

    def read(self, text: str, *, cut_off: bool = ...) -> Verdict: ...


def protocol(
    name: str, template: Template | None = None, reserved: Iterable[str] = ()
) -> JudgeProtocol:
    """The protocol of that name, with its own wording or another.

    Raises:
        UserError: when there is none; the message lists those there are.
    """
    if name == PairJudgeProtocol.name:
        return PairJudgeProtocol(template or WORDING, reserved)
    if name in CONTRACTS:
        return PreferenceProtocol(CONTRACTS[name], template, reserved)
    raise UserError(f"no protocol named {name!r}; there are: {', '.join(PROTOCOLS)}")


__all__ = [
    "PROTOCOLS",
    "JudgeProtocol",
    "PairJudgeProtocol",
    "PreferenceProtocol",
    "protocol",
]
