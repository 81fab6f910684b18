"""The name of before of ``pairjudge_lab.toy.card``."""

from pairjudge_lab.renamed import moved_names

__getattr__ = moved_names("pairjudge_lab.training.card", "pairjudge_lab.toy.card")

if __name__ == "__main__":
    __getattr__("main")()
