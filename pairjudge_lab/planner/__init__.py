"""From a pilot to a plan: what to play within a budget, and what to buy next."""

from pairjudge_lab.planner.buying import Purchase
from pairjudge_lab.planner.measuring import Configuration, Measured, measure
from pairjudge_lab.planner.planning import Plan, make_plan

__all__ = ["Configuration", "Measured", "Plan", "Purchase", "make_plan", "measure"]
