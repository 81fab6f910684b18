"""What lies beneath a curve: how hard each problem is, and how well the judge tells right from
wrong."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.selectors import correctness
from pairjudge_lab.statistics.scaling import (
    difficulty_quartiles,
    knockout_bound,
    knockout_recursion,
)
from pairjudge_lab.verdicts.codes import FIRST, MISSING, SECOND, UNREAD

if TYPE_CHECKING:
    import pandas as pd


def problem_structure(recordings: Sequence[Recording]) -> pd.DataFrame:
    """One line a problem.

    Columns: ``problem_id``; ``p_gen``, the share of right candidates; ``difficulty``, the share of
    wrong ones (the paper's); ``quartile``, 0 the easiest; ``p_comp``, the chance that a match of a
    right and a wrong candidate goes to the right one, both orders alike, what is not a plain win
    counting half (NaN where there is no such match); ``mixed``, how many such verdicts could be
    read, and ``unread``, how many could not and are in nothing here.
    """
    import pandas as pd

    rows = []
    for recording in recordings:
        right = np.array(correctness(recording.pool))
        codes = recording.codes
        said = np.concatenate([codes[:, right][:, :, ~right].ravel(), _other(codes, right)])
        asked = said != MISSING
        read = asked & (said != UNREAD)
        credit = np.select([said == FIRST, said == SECOND], [1.0, 0.0], 0.5)
        rows.append(
            {
                "problem_id": recording.pool.problem.id,
                "p_gen": float(right.mean()),
                "difficulty": float(1 - right.mean()),
                "p_comp": float(credit[read].mean()) if read.any() else float("nan"),
                "mixed": int(read.sum()),
                "unread": int((asked & ~read).sum()),
            }
        )
    frame = pd.DataFrame(rows)
    frame["quartile"] = difficulty_quartiles(frame["difficulty"].to_numpy())
    return frame


def predicted_knockout(
    structure: pd.DataFrame, sizes: Sequence[int], *, bound: bool = False
) -> list[tuple[int, float]]:
    """A knockout's accuracy at each N, from p_gen and p_comp of each problem.

    By the exact recursion at powers of two, or by the published bound at any N. Both suppose that
    each match goes to the right candidate apart from all others, and that candidates are drawn
    with replacement and have no answer groups. A measured curve leaves the prediction for each of
    these reasons; ``independent.independent_curve`` keeps the first apart from the others.
    Problems without a mixed match take p_gen, which is 0 or 1 for them.
    """
    out = []
    for n in sizes:
        if not bound and log2(n) % 1:
            continue
        values = []
        for p_gen, p_comp in zip(structure["p_gen"], structure["p_comp"], strict=True):
            if np.isnan(p_comp):
                values.append(float(p_gen))
            elif bound:
                values.append(knockout_bound(p_gen, p_comp, n))
            else:
                values.append(float(knockout_recursion(p_gen, p_comp, int(log2(n)))[-1]))
        out.append((n, float(np.mean(values))))
    return out


def _other(codes: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Verdicts with the wrong candidate shown first, told from the right one's side."""
    said = codes[:, ~right][:, :, right].ravel()
    turned = np.select([said == FIRST, said == SECOND], [SECOND, FIRST], said)
    return np.asarray(turned)
