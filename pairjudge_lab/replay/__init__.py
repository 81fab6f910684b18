"""Tournaments played again on recorded verdicts: any of them, and knockouts by the million."""

from pairjudge_lab.replay.curves import ReplayPoint, replay_point
from pairjudge_lab.replay.knockouts import can_compile, replay_knockouts
from pairjudge_lab.replay.recording import Recording, record, replay

__all__ = [
    "Recording",
    "ReplayPoint",
    "can_compile",
    "record",
    "replay",
    "replay_knockouts",
    "replay_point",
]
