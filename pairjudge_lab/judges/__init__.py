"""Ways of running a judge. ``load_judge`` opens each of them."""

from pairjudge_lab.judges.loading import SHIPPED, load_judge

__all__ = ["SHIPPED", "load_judge"]
