"""What a user may write: ``tests/wheel.sh`` checks its types against the wheel, and runs it."""

from pairjudge_lab import Arena, Knockout, Pool, Selection, load_judge, load_pools, prepare

pools: list[Pool] = [prepare(pool.first(4)) for pool in load_pools("embedded", limit=3)]
judge = load_judge("simulated:accuracy=0.9")
selections: list[Selection] = list(Arena(judge).play(pools, Knockout(), seed=0))
for pool, selection in zip(pools, selections, strict=True):
    print(pool.problem.question[:40], selection.calls)
