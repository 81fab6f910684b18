"""One person's work: the pairs in their order, what has been said, and what is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.labelling.choices import annotator_identity, verdict_kind, verdict_said
from pairjudge_lab.labelling.ordering import ordered_matches
from pairjudge_lab.records import Match, UserError, Verdict, VerdictKind
from pairjudge_lab.store import Storage, judge_digest, verdict_key
from pairjudge_lab.store.rows import storable
from pairjudge_lab.verdicts.judged import JudgedPairs

if TYPE_CHECKING:
    import numpy as np


class AnnotatorQueue:
    """The pairs that one person judges, kept in a store as a judge's are.

    Nothing here needs a browser: the widget shows what ``current`` is and calls ``judge``.

    Parameters
    ----------
    matches : sequence of Match
        What is to be judged.
    store : Storage
        A ``Store``, or another that does the same.
        Where the verdicts are kept. What this person said before is known again, so the work can
        be left and taken up at any time.
    annotator : str
        The person's name.
    kind : {"labels", "preference"}
    policy : {"random", "both", "given"}
        See ``ordered_matches``.
    rng : numpy.random.Generator
        Draws the order.
    instructions : str, optional
        What the person is asked.
    reference : bool
        Whether the person sees the reference answer.

    Attributes
    ----------
    identity : mapping
        Under which the verdicts are kept.
    matches : tuple of Match
        In the order in which they are shown; matches of equal texts are one.
    """

    def __init__(
        self,
        matches: Sequence[Match],
        store: Storage,
        annotator: str,
        *,
        kind: VerdictKind | str = VerdictKind.LABELS,
        policy: str = "random",
        rng: np.random.Generator,
        instructions: str | None = None,
        reference: bool = False,
    ) -> None:
        self.kind = verdict_kind(kind)
        self.identity: Mapping[str, Any] = annotator_identity(
            annotator, self.kind, instructions=instructions, reference=reference
        )
        self.name = str(self.identity["name"])
        self._store = store
        digest = judge_digest(self.identity)
        queue = [(verdict_key(digest, m), m) for m in ordered_matches(matches, policy, rng)]
        known = self._store.get([key for key, _ in queue])
        if policy == "random":
            # With another seed a pair may now be drawn the other way round: it is not asked again.
            turned = [(verdict_key(digest, m.swapped), m.swapped) for _, m in queue]
            before = self._store.get([key for key, _ in turned])
            queue = [
                other if other[0] in before and one[0] not in known else one
                for one, other in zip(queue, turned, strict=True)
            ]
            known |= before
        self._queue = dict(queue)
        self.matches = tuple(self._queue.values())
        self._said = {key: known[key] for key in self._queue if key in known}
        self._waiting = [key for key in self._queue if key not in self._said]
        self._now: list[str] = []

    @property
    def current(self) -> Match | None:
        """The pair to be judged next; None when all have been."""
        return self._queue[self._waiting[0]] if self._waiting else None

    @property
    def done(self) -> int:
        """How many have been judged, today and before."""
        return len(self._said)

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def can_undo(self) -> bool:
        """Whether something was judged since this was made."""
        return bool(self._now)

    def judge(self, outcome: str, *, note: str = "", seconds: float = 0.0) -> Verdict:
        """Keep what the person says of the current pair, and go on to the next.

        Parameters
        ----------
        outcome : {"A", "B", "tie", "neither"}
            ``neither`` only of labels.
        note : str
            Kept as the verdict's text.
        seconds : float
            What it took.

        Raises
        ------
        UserError
            When there is nothing left, the outcome is not one of this kind, or the store cannot be
            written; the pair then stays the current one. When the pair has been judged meanwhile,
            as in another window, that verdict stays and the next pair is the current one.
        """
        if not self._waiting:
            raise UserError("every pair has been judged")
        verdict = verdict_said(outcome, self.kind, note=note, seconds=seconds)
        key = self._waiting[0]
        before = self._store.get([key])
        if not before:
            self._store.put(self.identity, [(key, self._queue[key], verdict)])
            before = self._store.get([key])
        self._waiting.pop(0)
        self._said[key] = before.get(key, verdict)
        if not _same(self._said[key], verdict):
            raise UserError(
                f"{self.name} has judged this pair in another window ({self._said[key].outcome}), "
                "and that verdict stays"
            )
        self._now.append(key)
        return verdict

    def skip(self) -> None:
        """Put the current pair behind all others; nothing is kept."""
        if self._waiting:
            self._waiting.append(self._waiting.pop(0))

    def undo(self) -> Verdict | None:
        """Take back the last verdict, out of the store too; its pair is the current one again.

        Returns
        -------
        Verdict or None
            What was taken back; None where nothing was judged since this was made.
        """
        if not self._now:
            return None
        key = self._now[-1]
        there = self._store.get([key]).get(key)
        if there is not None and not _same(there, self._said[key]):
            self._now.pop()
            self._said[key] = there
            raise UserError("the verdict was changed in another window, and is not taken back")
        self._store.remove([key])
        self._now.pop()
        self._waiting.insert(0, key)
        return self._said.pop(key)

    def judged(self) -> JudgedPairs:
        """The pairs that have been judged and their verdicts, in the order of ``matches``."""
        return JudgedPairs(
            self.name,
            tuple(self._queue[key] for key in self._queue if key in self._said),
            tuple(self._said[key] for key in self._queue if key in self._said),
            {"judged": len(self._now), "from_store": len(self._said) - len(self._now)},
            sum(self._said[key].seconds for key in self._now),
        )


def _same(one: Verdict, other: Verdict) -> bool:
    """Whether two are one and the same answer of a person."""
    texts = storable(one.text) == storable(other.text)
    return texts and (one.outcome, one.seconds) == (other.outcome, other.seconds)
