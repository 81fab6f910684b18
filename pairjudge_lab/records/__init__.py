"""The words of the package, as small frozen records. They import nothing else of it."""

from pairjudge_lab.records.contracts import Judge, Play, Session, StreamingJudge, Tournament
from pairjudge_lab.records.errors import UserError
from pairjudge_lab.records.pools import Candidate, Pool, Problem
from pairjudge_lab.records.selections import Bout, Selection
from pairjudge_lab.records.verdicts import Match, Status, Verdict, VerdictKind

__all__ = [
    "Bout",
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
