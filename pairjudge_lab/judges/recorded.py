"""A judge that answers from a verdict table: tournaments replayed on what was judged once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.embedded import is_shipped, shipped_path
from pairjudge_lab.records import Match, UserError, Verdict, VerdictKind
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.table import TableVerdicts, table_kind

if TYPE_CHECKING:
    import pandas as pd

_PLACE = ("problem_id", "response_a", "response_b", "repetition")
_COLUMNS = (*_PLACE, "verdict", "status")


class RecordedJudge:
    """Answers matches from a table that the lab wrote; candidates are their index in the pool.

    Parameters
    ----------
    table : DataFrame
        The verdict table, of one judge.
    name : str
        What to call the judge.
    digest : str
        What tells this recording from another.
    capacity : int
        Matches a batch; it changes nothing but how often the arena asks.

    Raises
    ------
    UserError
        When the table lacks a column, or holds several judges, or labels and preferences.
    """

    def __init__(
        self, table: pd.DataFrame, name: str, digest: str, *, capacity: int = 4096
    ) -> None:
        absent = [c for c in _COLUMNS if c not in table]
        if absent:
            raise UserError(
                f"the recorded verdicts ({name}) lack {', '.join(absent)}; use a table written by "
                "'pairjudge-lab judge'"
            )
        only_judge(table, f"the recorded verdicts ({name})")
        self.identity: Mapping[str, Any] = {"name": name, "recording": digest}
        self.capacity = capacity
        self.kind: VerdictKind | None = table_kind(table)
        self._verdicts = TableVerdicts(table)
        for column in _PLACE[1:]:
            if not table[column].astype(str).str.fullmatch(r"[0-9]{1,9}(?:\.0)?").all():
                raise UserError(
                    f"the recorded verdicts ({name}): {column} must hold whole numbers from 0; "
                    "use a table written by 'pairjudge-lab judge'"
                )
        columns = [table[c].tolist() for c in _PLACE]
        self._rows = {
            (str(problem), int(float(a)), int(float(b)), int(float(repetition))): row
            for row, (problem, a, b, repetition) in enumerate(zip(*columns, strict=True))
        }

    @classmethod
    def from_file(cls, path: str | Path, judge: str | None = None) -> RecordedJudge:
        """The judge of a file.

        Parameters
        ----------
        path : str or Path
            A verdict table, or the name of one that comes with the lab: ``"study"``.
        judge : str or None
            Which, where the table holds several.

        Raises
        ------
        UserError
            As ``load_verdicts``, and as for a table.
        """
        table = load_verdicts(path, judge=judge)
        file = shipped_path(str(path), "verdicts.parquet") if is_shipped(path) else Path(path)
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        name = str(path) if is_shipped(path) else file.name
        return cls(table, f"recorded:{name}" + (f"#{judge}" if judge else ""), digest)

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """The recorded verdicts.

        Raises
        ------
        UserError
            When a match was not recorded.
        """
        return [self._verdict(match) for match in matches]

    def _verdict(self, match: Match) -> Verdict:
        row = self._rows.get((match.pool.problem.id, match.a, match.b, match.repetition))
        if row is None:
            problem = match.pool.problem.id
            there = [max(key[1:3]) for key in self._rows if key[0] == problem]
            fewer = (
                f"it covers the first {max(there) + 1} candidates (-n)" if there else "it has none"
            )
            raise UserError(
                f"no recorded verdict for problem {problem!r}, candidate {match.a} shown before "
                f"{match.b}, repetition {match.repetition}; of this problem {fewer}"
            )
        return self._verdicts[row]
