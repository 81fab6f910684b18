"""Judging k candidates at once: name the best of them, and a knockout of such choices."""

from pairjudge_lab.listwise.judge import ListwiseJudge, PairwiseChooser
from pairjudge_lab.listwise.knockout import KWayKnockout, play_lists
from pairjudge_lab.listwise.protocol import ListwiseProtocol
from pairjudge_lab.listwise.records import Choice, ListMatch, ListSelection

__all__ = [
    "Choice",
    "KWayKnockout",
    "ListMatch",
    "ListSelection",
    "ListwiseJudge",
    "ListwiseProtocol",
    "PairwiseChooser",
    "play_lists",
]
