"""A run as one HTML file with its pictures inside; every text from a model is escaped."""

from pairjudge_lab.report.selection import write_selection_report

__all__ = ["write_selection_report"]
