"""Problems, their candidates, and pools of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pairjudge_lab.records.errors import UserError
from pairjudge_lab.renamed import renamed_arguments, renamed_attribute, warn_renamed


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with, where known, its reference answer.

    Parameters
    ----------
    id : str
        What the problem is called in tables; no two of a set have the same.
    question : str
        Its text.
    answer : str or None
        The reference answer.

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

    Parameters
    ----------
    text : str
        The solution as it was written.
    answer : str or None
        The final answer found in it.
    correct : bool or None
        Whether that is right; None where it is not known.
    source : str or None
        The model or run that it came from.
    score : float or None
        A scalar reward, where one came with the data.
    tokens : int or None
        Tokens written; like all that follow, known of candidates that were sampled here.
    seconds : float or None
        How long that took.
    mean_logprob : float or None
        Mean natural-log probability of its tokens, where the engine tells.
    finish : str or None
        ``stop``, or ``length`` where the limit of tokens cut it off.
    self_certainty : float or None
        How far the model's distributions were from uniform ones (see ``Completion``), where the
        engine tells.

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

    Parameters
    ----------
    problem : Problem
        The question.
    candidates : tuple of Candidate
        N of them, at least one.
    groups : tuple of int
        N numbers, the answer group of each candidate: equal numbers, same final answer. Empty means
        that groups were not worked out, and then every candidate stands alone.

    Raises
    ------
    UserError
        Without a candidate.
    ValueError
        For another number of groups than of candidates.

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

        Raises
        ------
        UserError
            When the pool holds fewer than n.
        """
        if not 1 <= n <= len(self):
            raise UserError(
                f"pool {self.problem.id!r} has {len(self)} candidates, so N = {n} cannot be "
                f"played; choose N between 1 and {len(self)}"
            )
        return Pool(self.problem, self.candidates[:n], self.groups[:n])
