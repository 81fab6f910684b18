"""The words of the package, as small frozen records. They import nothing else of it but aliases."""

from typing import TYPE_CHECKING

from pairjudge_lab.records.contracts import Judge, Play, Session, StreamingJudge, Tournament
from pairjudge_lab.records.errors import UserError
from pairjudge_lab.records.pools import Candidate, Pool, Problem
from pairjudge_lab.records.selections import MatchResult, Selection
from pairjudge_lab.records.verdicts import Match, Status, Verdict, VerdictKind
from pairjudge_lab.renamed import renamed_names

__all__ = [
    "MatchResult",
    "Candidate",
    "Judge",
    "Match",
    "Play",
    "Pool",
    "Problem",
    "Selection",
    "Session",
    "Status",
    "StreamingJudge",
    "Tournament",
    "UserError",
    "Verdict",
    "VerdictKind",
]

if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, Bout="MatchResult")
