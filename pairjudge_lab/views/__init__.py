"""Verdicts, brackets and tables to look at and click, in JupyterLab and in an exported page."""

from pairjudge_lab.views.bracket import matches_played, view_bracket
from pairjudge_lab.views.differences import view_differences, word_differences
from pairjudge_lab.views.table import view_table
from pairjudge_lab.views.text import view_text
from pairjudge_lab.views.verdict import view_verdict
from pairjudge_lab.views.verdicts import view_verdicts

__all__ = [
    "matches_played",
    "view_bracket",
    "view_differences",
    "view_table",
    "view_text",
    "view_verdict",
    "view_verdicts",
    "word_differences",
]
