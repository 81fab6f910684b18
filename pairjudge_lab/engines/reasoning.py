"""What a thinking model writes before its answer, told apart from the answer."""

from __future__ import annotations

OPENED, CLOSED = "<think>", "</think>"


def split_reasoning(text: str) -> tuple[str, str]:
    """The reasoning and the answer in a text with a ``<think>`` part.

    The part is told apart at the beginning of the text only: later ones are quoted. Templates that
    open the part in the prompt leave its beginning out; a part that was never closed is reasoning
    to the end.

    Parameters
    ----------
    text : str
        What the model wrote.

    Returns
    -------
    tuple of (str, str)
        Reasoning and answer, without the tags; the reasoning is empty where there is none.
    """
    begun = text.lstrip().startswith(OPENED)
    if not begun and (CLOSED not in text or OPENED in text.partition(CLOSED)[0]):
        return "", text
    inside = text.lstrip().removeprefix(OPENED) if begun else text
    reasoning, closed, answer = inside.partition(CLOSED)
    return reasoning.strip(), answer.lstrip() if closed else ""
