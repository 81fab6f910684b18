"""Ways of running a judge. ``load_judge`` is the door."""

from pairjudge_lab.judges.loading import SHIPPED, load_judge

__all__ = ["SHIPPED", "load_judge"]
