"""Changes that need no file of the package: a tournament, an engine with its protocol, a store.

Each is one file beside this one, written as a user would, who has the package installed and does
not change it.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from pairjudge_lab import Arena, ModelOptions, Store, judge_pairs, load_engine, load_judge
from pairjudge_lab.engines.registry import ENGINES
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.labelling import AnnotatorQueue, pairs_of
from pairjudge_lab.protocols import protocol, register
from pairjudge_lab.replay import draw_subsets, record, replay_many
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.tournaments import Knockout
from tests.conftest import make_pool
from tests.plugins.first_to_two import FirstToTwo
from tests.plugins.length_engine import ShortestProtocol
from tests.plugins.memory_store import MemoryStore

HERE = Path(__file__).parent


def pools(n=4, size=5):
    return [make_pool([i % 2 == 1 for i in range(size)], name=f"p{k}") for k in range(n)]


@pytest.mark.parametrize("file", sorted(HERE.glob("[!_t]*.py")), ids=lambda file: file.name)
def test_a_plugin_uses_nothing_private(file):
    text = file.read_text("utf-8")
    imported = re.findall(r"^from (pairjudge_lab[\w.]*) import (.*)$", text, re.M)
    assert imported
    assert not [name for line in imported for name in line if re.search(r"(^|[ .])_", name)]


def test_a_tournament_is_played_and_replayed():
    some = pools()
    judge = load_judge("simulated:accuracy=1")
    selections = Arena(judge).play(some, FirstToTwo(), seed=1)
    assert all(s.rules["tournament"] == "first-to-two" for s in selections)
    assert all(p.candidates[s.candidate].correct for p, s in zip(some, selections, strict=True))
    assert all(1 <= s.calls <= FirstToTwo().calls(5) for s in selections)
    recording = record(some, judge_pairs(judge, some).to_pandas())[0]
    rng = np.random.default_rng(0)
    subsets = draw_subsets(len(recording), 4, 20, rng)
    chosen, calls, compiled = replay_many(recording, FirstToTwo(), subsets, rng)
    assert not compiled
    assert set(chosen.tolist()) <= {1, 3}, "a judge that never errs selects a right candidate"
    assert (calls <= FirstToTwo().calls(4)).all()


def test_an_engine_and_a_protocol_judge(monkeypatch, tmp_path):
    monkeypatch.setitem(ENGINES, "length", ("tests.plugins.length_engine", "open_length"))
    register("numbered", ShortestProtocol)
    options = ModelOptions(protocol="numbered")
    engine = load_engine("length:ruler", options)
    judge = TextJudge("ruler", engine, protocol("numbered"), ShortestProtocol.generation)
    with Store(tmp_path / "s.sqlite") as store:
        judged = judge_pairs(judge, pools(2), store=store)
        again = judge_pairs(judge, pools(2), store=store)
    assert again.counts["judged"] == 0
    assert judged.verdicts == again.verdicts
    for match, verdict in judged:
        shorter = len(match.response_a) <= len(match.response_b)
        assert verdict.preference == ("A" if shorter else "B")
    report = bias_report(judged.to_pandas(), resamples=50).to_frame()
    assert report["judge"].tolist() == ["ruler"]


def test_a_store_serves_judges_tournaments_and_people():
    store = MemoryStore()
    some = pools(2)
    judge = load_judge("simulated:accuracy=0.8")
    first = Arena(judge, store).play(some, Knockout(), seed=3)
    arena = Arena(judge, store)
    assert arena.play(some, Knockout(), seed=3) == first
    assert arena.statistics.judged == 0
    with Store() as other:
        assert Arena(judge, other).play(some, Knockout(), seed=3) == first
    work = AnnotatorQueue(pairs_of(some), store, "Ada", rng=np.random.default_rng(0))
    work.judge("A")
    work.undo()
    work.judge("tie")
    table = store.table()
    assert table.groupby("judge").size().to_dict() == {
        "person:Ada": 1,
        "simulated": sum(s.calls for s in first),
    }
