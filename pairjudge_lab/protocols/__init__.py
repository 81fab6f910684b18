"""How families of judges are asked and read: pure text in, verdict out."""

from pairjudge_lab.protocols.pairjudge import PairJudgeProtocol

__all__ = ["PairJudgeProtocol"]
