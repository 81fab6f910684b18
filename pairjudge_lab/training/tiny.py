"""The name of before of ``pairjudge_lab.toy``."""

from pairjudge_lab.renamed import moved_names

__getattr__ = moved_names("pairjudge_lab.training.tiny", "pairjudge_lab.toy.__main__")

if __name__ == "__main__":
    __getattr__("main")()
