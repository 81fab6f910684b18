"""Matches with their verdicts: what judging a list of matches gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pairjudge_lab.records import Match, Status, Verdict, VerdictKind
from pairjudge_lab.results import Result, plain
from pairjudge_lab.verdicts.table import matches_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class JudgedPairs(Result):
    """One judge's verdicts on a list of matches, in its order.

    Attributes
    ----------
    judge : str
        The judge's name.
    counts : mapping
        How many verdicts were judged now, came from the store, or were shared by matches with the
        same texts.
    seconds : float
        The wall time that the judge took for the verdicts judged now.
    """

    picture: ClassVar[tuple[str, str]] = ("outcomes", "plot_outcomes")

    judge: str
    matches: tuple[Match, ...]
    verdicts: tuple[Verdict, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[tuple[Match, Verdict]]:
        return iter(zip(self.matches, self.verdicts, strict=True))

    @property
    def kinds(self) -> tuple[VerdictKind, ...]:
        """The kinds among the verdicts that were read; one judge gives one."""
        return tuple(dict.fromkeys(v.kind for v in self.verdicts if v.kind is not None))

    @property
    def statuses(self) -> dict[Status, int]:
        """How many verdicts have each status; every status is named."""
        found = Counter(v.status for v in self.verdicts)
        return {status: found[status] for status in Status}

    def to_pandas(self) -> pd.DataFrame:
        """The verdict table, one row a verdict; see ``verdicts.columns``."""
        return matches_table(self.judge, self.matches, self.verdicts)

    def to_frame(self) -> pd.DataFrame:
        """The same; every result has it under this name."""
        return self.to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: counts, and the rows of the verdict table."""
        return {
            "judge": self.judge,
            "statuses": {status.value: count for status, count in self.statuses.items()},
            "counts": plain(self.counts),
            "seconds": self.seconds,
            "verdicts": plain(self.to_pandas().astype(object).where(lambda cells: cells.notna())),
        }

    def __str__(self) -> str:
        said = ", ".join(f"{count} {status.value}" for status, count in self.statuses.items())
        kind = " and ".join(kind.value for kind in self.kinds) or "of no kind"
        return f"{len(self)} verdicts of {self.judge} ({kind}): {said}"
