"""Judge every pair of some pools, or any list of matches, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pairjudge_lab.arena import Arena, all_ordered_pairs, problem_rng
from pairjudge_lab.records import Judge, Match, Pool, StreamingJudge, UserError
from pairjudge_lab.store import Store
from pairjudge_lab.verdicts.judged import JudgedPairs


def judge_pairs(
    judge: Judge | StreamingJudge,
    pools: Sequence[Pool] | Sequence[Match],
    *,
    both_orders: bool = True,
    repetitions: int = 1,
    seed: int = 0,
    store: Store | None = None,
    progress: bool | Path = False,
) -> JudgedPairs:
    """Judge all pairs of candidates of every pool.

    Parameters
    ----------
    judge : Judge or StreamingJudge
        What ``load_judge`` gave, or a judge of your own.
    pools : sequence of Pool or sequence of Match
        The pools; or matches, which are judged as they are.
    both_orders : bool
        Show every pair in both orders; without it each is shown in one, drawn at random.
    repetitions : int
        How often each ordered pair is judged; more than once is of use to a judge that samples.
    seed : int
        Draws the order of each pair.
    store : Store or None
        Where verdicts are kept, and taken from instead of judging twice.
    progress : bool or Path
        Whether to show how far it is; a path is a log file that gets it as well.

    Returns
    -------
    JudgedPairs
        The matches and their verdicts; ``to_pandas()`` makes a verdict table of them.

    Raises
    ------
    UserError
        When there is nothing to judge.

    Examples
    --------
    >>> from pairjudge_lab import judge_pairs, load_judge, load_pools
    >>> pools = [pool.first(3) for pool in load_pools("embedded", limit=2)]
    >>> len(judge_pairs(load_judge("simulated:accuracy=0.8"), pools).to_pandas())
    12
    """
    matches: list[Match] = []
    for one in pools:
        if isinstance(one, Match):
            matches.append(one)
            continue
        pairs = all_ordered_pairs(one, range(repetitions))
        if not both_orders:
            rng = problem_rng(seed, one.problem.id)
            unordered = [(i, j) for i in range(len(one)) for j in range(i + 1, len(one))]
            first = {pair: bool(rng.integers(2)) for pair in unordered}
            pairs = [m for m in pairs if (m.a < m.b) == first[min(m.a, m.b), max(m.a, m.b)]]
        matches += pairs
    if not matches:
        raise UserError("there is nothing to judge: every pool has a single candidate")
    arena = Arena(judge, store, progress=progress)
    verdicts = arena.judge(matches)
    spent = arena.statistics
    return JudgedPairs(
        str(judge.identity.get("name", "judge")),
        tuple(matches),
        tuple(verdicts),
        {"judged": spent.judged, "from_store": spent.from_store, "shared": spent.shared},
        spent.seconds,
    )
