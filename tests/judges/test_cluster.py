"""Replicas on a real local Ray cluster, one of which is killed in mid-run."""

import pytest

from pairjudge_lab import Arena, Store, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.engines import ray_engine
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.records import UserError
from pairjudge_lab.tournaments import Knockout

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def local():
    """A cluster of two cores on this machine, gone afterwards."""
    import os

    os.environ["RAY_AUTH_MODE"] = "disabled"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def matches():
    pools = [prepare(pool.first(5)) for pool in load_pools("embedded", limit=10)]
    return [m for pool in pools for m in all_ordered_pairs(pool)]


def test_the_same_verdicts_as_in_process(local, matches):
    judge = load_judge("ray:2:tiny", ModelOptions(batch_size=32))
    try:
        straight = load_judge("tiny")
        assert judge.identity == straight.identity, "where it was judged changes nothing"
        through = Arena(judge).judge(matches)
        assert len(matches) == 200
        # Batches of other shapes may round a logit to the other side; none did when written.
        here = Arena(straight).judge(matches)
        assert sum(a.outcome != b.outcome for a, b in zip(through, here, strict=True)) <= 2
        pools = [prepare(pool.first(8)) for pool in load_pools("embedded", limit=12)]
        selections = [Arena(j).play(pools, Knockout(), seed=1) for j in (judge, straight)]
        assert [s.candidate for s in selections[0]] == [s.candidate for s in selections[1]]
    finally:
        judge.engine.close()


def test_a_killed_replica_costs_no_verdict(local, matches):
    judge = load_judge("ray:2:tiny", ModelOptions(batch_size=16))
    engine = judge.engine
    session_of, killed = engine.session, []

    def session(config):
        inner = session_of(config)
        collect = inner.collect

        def collect_and_kill():
            found = collect()
            if not killed:
                killed.append(engine.replicas[0])
                ray.kill(engine.replicas[0])
            return found

        inner.collect = collect_and_kill
        return inner

    engine.session = session
    try:
        arena = Arena(judge, Store())
        verdicts = arena.judge(matches)
        assert engine.losses == 1
        assert len(verdicts) == 200
        assert arena.statistics.statuses["failed"] == 0
        assert arena.statistics.judged == len(arena.store)
        assert [v.outcome for v in verdicts] == [
            v.outcome for v in Arena(load_judge("tiny")).judge(matches)
        ]
    finally:
        judge.engine.close()


def test_a_cluster_without_room_says_so(local):
    with pytest.raises(UserError, match="64 replicas do not fit: the cluster has 2 CPU cores"):
        load_judge("ray:64:tiny")


def test_replicas_that_keep_dying_end_the_run(local, matches, monkeypatch):
    monkeypatch.setattr(ray_engine, "MOST_LOSSES", 1)
    judge = load_judge("ray:1:tiny", ModelOptions(batch_size=8))
    start = judge.engine.start

    def doomed():
        replica = start()
        ray.kill(replica)
        return replica

    judge.engine.start = doomed
    ray.kill(judge.engine.replicas[0])
    try:
        with pytest.raises(UserError, match="2 replicas of tiny were lost"):
            Arena(judge).judge(matches[:8])
    finally:
        judge.engine.close()


def test_ray_is_asked_for_where_it_is_missing(monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "ray":
            raise ModuleNotFoundError(name, name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="this needs ray: pip install"):
        load_judge("ray:tiny")
