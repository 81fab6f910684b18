"""Problems, their candidates, and pools of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pairjudge_lab.records.errors import UserError
from pairjudge_lab.renamed import renamed_arguments, renamed_attribute, warn_renamed


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with, where known, its reference answer.

    Examples
    --------
    >>> from pairjudge_lab import Problem
    >>> Problem("p1", "What is 2 + 3?", "5").answer
    '5'
    """

    id: str
    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One solution: its text, the final answer found in it, and whether that is right, where known.

    ``score`` is a scalar reward where one came with the data; ``source`` names the model or run.
    Of a candidate that was sampled here it is known what it took: ``tokens`` written and
    ``seconds``; ``mean_logprob``, the mean natural-log probability of its tokens, and
    ``self_certainty``, how far the model's distributions were from uniform ones (see
    ``Completion``), where the engine tells; and ``finish``: ``stop``, or ``length`` where the token
    limit cut it off.

    Examples
    --------
    >>> from pairjudge_lab import Candidate
    >>> Candidate("2 + 3 = 5.", answer="5", correct=True).correct
    True
    """

    text: str
    answer: str | None = None
    correct: bool | None = None
    source: str | None = None
    score: float | None = None
    tokens: int | None = None
    seconds: float | None = None
    mean_logprob: float | None = None
    finish: str | None = None
    self_certainty: float | None = None


@renamed_arguments(teams="groups")
@dataclass(frozen=True, slots=True)
class Pool:
    """A problem with its N candidates.

    ``groups[i]`` is the answer group of candidate i: equal numbers, same final answer. Empty means
    that groups were not worked out, and then every candidate stands alone.

    Examples
    --------
    >>> from pairjudge_lab import Pool
    >>> pool = Pool.from_texts("What is 2 + 3?", ["It is 5.", "It is 6."], answer="5")
    >>> len(pool)
    2
    """

    problem: Problem
    candidates: tuple[Candidate, ...]
    groups: tuple[int, ...] = ()

    teams = renamed_attribute("teams", "groups")

    def __post_init__(self) -> None:
        if not self.candidates:
            raise UserError(f"pool {self.problem.id!r} has no candidates; give it at least one")
        if self.groups and len(self.groups) != len(self.candidates):
            raise ValueError(
                f"pool {self.problem.id!r}: {len(self.groups)} numbers of answer groups for "
                f"{len(self.candidates)} candidates; there must be one each"
            )

    @classmethod
    def from_texts(
        cls,
        question: str,
        texts: Sequence[str],
        *,
        answer: str | None = None,
        name: str = "0",
    ) -> Pool:
        """A pool from a question and the texts of its candidates.

        Parameters
        ----------
        question : str
            The problem.
        texts : sequence of str
            One solution each.
        answer : str, optional
            The reference answer; ``answers.prepare`` then works out which candidates are correct.
        name : str
            The problem's id.

        Raises
        ------
        UserError
            Where there are no texts, one is no string, or one string stands in place of a sequence
            of them.
        """
        if isinstance(texts, str):
            raise UserError(
                "texts are a sequence of strings, one for each candidate; got a single string"
            )
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise UserError(f"each text is a string; number {place} is {text!r:.60}")
        return cls(Problem(name, question, answer), tuple(Candidate(text) for text in texts))

    def __len__(self) -> int:
        return len(self.candidates)

    def group_of(self, candidate: int) -> int:
        """The number of a candidate's answer group."""
        return self.groups[candidate] if self.groups else candidate

    def team_of(self, candidate: int) -> int:
        """``group_of`` under its name of before."""
        warn_renamed("Pool.team_of", "group_of")
        return self.group_of(candidate)

    def first(self, n: int) -> Pool:
        """The pool of the first n candidates.

        Raises:
            UserError: when the pool holds fewer than n.
        """
        if not 1 <= n <= len(self):
            raise UserError(
                f"pool {self.problem.id!r} has {len(self)} candidates, so N = {n} cannot be "
                f"played; choose N between 1 and {len(self)}"
            )
        return Pool(self.problem, self.candidates[:n], self.groups[:n])
