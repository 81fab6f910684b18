"""A whole Best-of-N study in one call: problems, candidates, verdicts, curves, bias, a page."""

from pairjudge_lab.study.budget import Budget, Price
from pairjudge_lab.study.plan import StudyPlan
from pairjudge_lab.study.run import Study, StudyRun

__all__ = ["Budget", "Price", "Study", "StudyPlan", "StudyRun"]
