"""The name of before of ``pairjudge_lab.toy.teacher``."""

from pairjudge_lab.renamed import moved_names

__getattr__ = moved_names("pairjudge_lab.training.teacher", "pairjudge_lab.toy.teacher")
