"""A widget in which people judge pairs in a notebook.

The browser is sent the question and the two texts of one pair and nothing else: no source, no
score, no label, no problem id and no place in the pool. Texts are shown as text. Their formulas are
sent beside them as trees of ``pairjudge_lab.mathematics``, of which the script makes elements of
its own list; a key shows them as they were written. The script is one file of this package and
fetches nothing.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from pairjudge_lab.labelling.annotator import AnnotatorQueue
from pairjudge_lab.labelling.choices import choices_of
from pairjudge_lab.mathematics import STYLE, Tree, mathematics_pieces
from pairjudge_lab.records import UserError

_STATIC = Path(__file__).parent / "static"
LONGEST_NOTE = 10_000
"""Characters of a note that are kept."""


class PairLabeller(anywidget.AnyWidget):  # type: ignore[misc]
    """The widget; ``label_pairs`` makes one.

    Parameters
    ----------
    queues : mapping of str to AnnotatorQueue
        One for each annotator, all of one kind.
    instructions : str
    reference : bool
        Whether the reference answer is shown.
    """

    _esm = _STATIC / "labeller.js"
    _css = (_STATIC / "labeller.css").read_text("utf-8") + STYLE
    shown = traitlets.Dict().tag(sync=True)
    choices = traitlets.List().tag(sync=True)
    annotators = traitlets.List().tag(sync=True)
    instructions = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, queues: dict[str, AnnotatorQueue], instructions: str, reference: bool = False
    ) -> None:
        self._queues = queues
        self._name = next(iter(queues))
        self._reference = reference
        self._number = 0
        kinds = choices_of(self.queue.kind)
        super().__init__(
            choices=[asdict(choice) for choice in kinds],
            annotators=list(queues),
            instructions=_sound(instructions),
        )
        self.on_msg(self._hear)
        self._show("", "")

    @property
    def queue(self) -> AnnotatorQueue:
        """The work of the person who judges now."""
        return self._queues[self._name]

    @property
    def queues(self) -> dict[str, AnnotatorQueue]:
        """Everyone's work, by name."""
        return dict(self._queues)

    def _show(self, said: str, note: str) -> None:
        """Send the current pair; the number tells which pair an answer is for."""
        queue = self.queue
        match = queue.current
        self._number += 1
        pair: dict[str, str] = {}
        if match is not None:
            pair = {
                "question": _sound(match.question),
                "a": _sound(match.response_a),
                "b": _sound(match.response_b),
            }
            answer = match.pool.problem.answer
            if self._reference and answer is not None:
                pair["reference"] = _sound(answer)
        self.shown = {
            "number": self._number,
            "pair": pair,
            "formulas": {name: pieces for name, text in pair.items() if (pieces := _pieces(text))},
            "annotator": self._name,
            "done": queue.done,
            "total": len(queue),
            "undo": queue.can_undo,
            "said": said,
            "note": note,
        }
        self._since = time.monotonic()

    def _hear(self, _: Any, message: Any, __: Any) -> None:
        """Do what the browser asks; what was meant for another pair than the one shown is not."""
        if not isinstance(message, dict) or message.get("number") != self._number:
            return
        note = _sound(str(message.get("note", "")))[:LONGEST_NOTE]
        try:
            said, note = self._do(message, note)
        except UserError as problem:
            said = f"Not kept: {problem}"
        self._show(said, note)

    def _do(self, message: dict[str, Any], note: str) -> tuple[str, str]:
        what = message.get("do")
        if what == "judge":
            outcome = str(message.get("outcome"))
            seconds = time.monotonic() - self._since
            self.queue.judge(outcome, note=note, seconds=seconds)
            words = {c.outcome: c.words for c in choices_of(self.queue.kind)}
            return f"Kept: {words[outcome]}.", ""
        if what == "skip":
            self.queue.skip()
            return "Skipped; it comes again at the end.", ""
        if what == "undo":
            verdict = self.queue.undo()
            return ("Taken back.", verdict.text) if verdict else ("Nothing to take back.", note)
        if what == "annotator" and message.get("name") in self._queues:
            self._name = str(message["name"])
            return f"{self._name} judges now.", ""
        return "", note

    def __repr__(self) -> str:
        work = ", ".join(f"{name} {q.done} of {len(q)}" for name, q in self._queues.items())
        return f"PairLabeller({work})"


def _pieces(text: str) -> list[Any]:
    """A text in pieces, strings and formulas with their source; empty where it has no formula."""
    pieces = [
        written if tree is None else {"written": written, "tree": _listed(tree)}
        for written, tree in mathematics_pieces(text)
    ]
    return pieces if any(isinstance(piece, dict) for piece in pieces) else []


def _listed(tree: Tree) -> list[Any]:
    """A tree as the script takes it: name, attributes, children."""
    children = [child if isinstance(child, str) else _listed(child) for child in tree.children]
    return [tree.name, dict(tree.attributes), children]


def _sound(text: str) -> str:
    """Text that can be sent as UTF-8: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
