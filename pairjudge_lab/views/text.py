"""A sentence with computed figures in it, as prose and never as markup."""

from __future__ import annotations

from pairjudge_lab.views.view import View, rendered


def view_text(text: str) -> View:
    """A paragraph. Names and answers from data stay text, whatever they hold."""
    return rendered("text.html.j2", text, text=text)
