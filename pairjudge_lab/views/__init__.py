"""Verdicts, brackets and tables to look at and click, in JupyterLab and in an exported page."""

from pairjudge_lab.views.bracket import matches_played, view_bracket
from pairjudge_lab.views.table import view_table
from pairjudge_lab.views.text import view_text
from pairjudge_lab.views.verdict import view_verdict

__all__ = ["matches_played", "view_bracket", "view_table", "view_text", "view_verdict"]
