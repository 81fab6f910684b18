"""Tournaments played again on recorded verdicts: any of them, and knockouts by the million."""

from pairjudge_lab.replay.curves import Curve, Point, curve, without_verdicts
from pairjudge_lab.replay.frontier import Frontier, frontier
from pairjudge_lab.replay.many import Replays, can_compile, replay_many
from pairjudge_lab.replay.recording import Recording, pools_heard, record, replay
from pairjudge_lab.replay.sizes import usual_sizes
from pairjudge_lab.replay.subsets import draw_subsets

__all__ = [
    "Curve",
    "Frontier",
    "Point",
    "Recording",
    "Replays",
    "can_compile",
    "curve",
    "frontier",
    "draw_subsets",
    "pools_heard",
    "record",
    "replay",
    "replay_many",
    "usual_sizes",
    "without_verdicts",
]
