"""What a study will take, told before it begins: by counting, and by a short trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """An estimate.

    Attributes
    ----------
    problems, generators, n : int
        Of the study; each generator gives n solutions of each problem.
    solutions : int
        To be sampled.
    matches : int
        To be judged at most: all ordered pairs of each problem's candidates, repetitions included;
        those with the same texts are judged once.
    distinct : float
        Share of the matches whose texts differ, as seen in the trial.
    sampling_tokens, judging_tokens : float
        Tokens read and written, from the trial's means.
    seconds : float
        From the trial's rates; batches of a real run are fuller, so it is rather too long.
    dollars : float or None
        Where prices were given.
    trial : dict
        What the trial did.
    """

    problems: int
    generators: int
    n: int
    solutions: int
    matches: int
    distinct: float
    sampling_tokens: float
    judging_tokens: float
    seconds: float
    dollars: float | None
    trial: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        minutes = self.seconds / 60
        took = f"{minutes:.0f} minutes" if minutes >= 2 else f"{self.seconds:.0f} seconds"
        lines = [
            f"{self.problems} problems, {self.solutions:,} solutions to sample: about "
            f"{self.sampling_tokens:,.0f} tokens",
            f"{self.matches:,} ordered pairs, about {self.distinct * self.matches:,.0f} of them "
            f"different: about {self.judging_tokens:,.0f} tokens",
            f"about {took} at the pace of the trial ({self.trial['solutions']} solutions, "
            f"{self.trial['verdicts']} verdicts)",
        ]
        if self.dollars is not None:
            lines.append(f"about {self.dollars:,.2f} dollars at the prices given")
        return "\n".join(lines)
