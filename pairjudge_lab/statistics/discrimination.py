"""How often a judge, shown a right and a wrong response, favours the right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.names import codes_by_name
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.verdicts.codes import codes_of
from pairjudge_lab.verdicts.judges import only_judge

if TYPE_CHECKING:
    import pandas as pd


def right_favoured(
    table: pd.DataFrame, truth: Mapping[tuple[str, str], bool | None], *, weight: str = "pairs"
) -> Estimate:
    """The share of matches of a right and a wrong response in which the right one is favoured.

    A tie, and two responses called correct or neither, count as one half, so that a judge without
    information is at one half whatever its labels, its position effect included where both orders
    were recorded. (The probability that a right response is favoured over a wrong one is the area
    under the ROC curve; Bamber 1975.) Verdicts that were not read are left out.

    Parameters
    ----------
    table : DataFrame
        The verdicts of one judge.
    truth : mapping
        Whether each response is right, by problem and name; matches of which one is not known, or
        with two right or two wrong responses, are left out.
    weight : str
        ``pairs`` or ``problems``, as in ``figures.Figures``.

    Returns
    -------
    Estimate
        The share with its interval over problems, ``n`` of which have such a match.

    Raises
    ------
    UserError
        Where no match that was read of a right and a wrong response is left.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     [("p", "0", "1", "A"), ("p", "1", "0", "tie")],
    ...     columns=["problem_id", "response_a", "response_b", "verdict"],
    ... )
    >>> right_favoured(table, {("p", "0"): True, ("p", "1"): False}).estimate
    0.75
    """
    problem, first, second = (
        table[name].astype(str).tolist() for name in ("problem_id", "response_a", "response_b")
    )
    known = [
        (truth.get((p, a)), truth.get((p, b)))
        for p, a, b in zip(problem, first, second, strict=True)
    ]
    # 1 where the first response alone is right, -1 where the second is, 0 for all others.
    side = np.array([0 if None in pair else int(bool(pair[0])) - int(bool(pair[1]))
                     for pair in known])  # fmt: skip
    only_judge(table, "the share of matches in which the right one is favoured")
    codes_of(table)  # refuses a word that is no verdict
    said = table["verdict"].to_numpy()
    used = (side != 0) & (said != "invalid")
    if not used.any():
        raise UserError(
            "no verdict was read on a right and a wrong response; give pools with reference answers"
        )
    lean = np.where(said == "A", 1, np.where(said == "B", -1, 0))
    score = (0.5 + 0.5 * lean * side)[used]
    owner, names = codes_by_name(table["problem_id"][used], "problem")
    columns = {"score": score, "squares": np.square(score), "matches": np.ones(len(score))}
    figures = Figures(Totals.count(owner, len(names), columns), weight=weight)
    return figures.share("score", "matches", squares="squares")
