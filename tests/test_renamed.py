"""Names of before work for one release, with a warning."""

import importlib
import warnings

import numpy as np
import pytest

from pairjudge_lab import (
    Arena,
    bias_report,
    judge_pairs,
    load_judge,
    load_pools,
    load_verdicts,
    prepare,
)
from pairjudge_lab.judges.simulated import SimulatedJudge
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.plots.bias import plot_slots
from pairjudge_lab.plots.training import plot_audits
from pairjudge_lab.protocols import PairJudgeProtocol
from pairjudge_lab.protocols.labels import LabelPosition
from pairjudge_lab.protocols.preference import MT_BENCH, RRM, Contract
from pairjudge_lab.records import Match, Pool
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.scaling import majority_at_k
from pairjudge_lab.statistics.simulation import Plan
from pairjudge_lab.tournaments import Rules
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.training.annotate import Funnel
from pairjudge_lab.training.audit import Audit
from tests.plugins.length_engine import LengthEngine


@pytest.fixture(scope="module")
def row():
    return bias_report(load_verdicts("embedded").head(2000)).rows[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slot_effect", "position_effect"),
        ("first_slot", "first_position"),
        ("invalid", "unread"),
        ("invalid_verdicts", "unread_verdicts"),
    ],
)
def test_figures_of_a_judge(row, old, new):
    with pytest.warns(DeprecationWarning, match=f"PositionBias.{old} is called {new} now"):
        assert getattr(row, old) is getattr(row, new)


def test_arguments():
    with pytest.warns(DeprecationWarning, match="slot_bias="):
        judge = SimulatedJudge(slot_bias=0.25, noise=0.5)
    assert judge == SimulatedJudge(position_bias=0.25, noise=0.5)
    with pytest.warns(DeprecationWarning, match="slot_effect="):
        assert Plan(slot_effect=0.3, problems=3) == Plan(position_effect=0.3, problems=3)
    with pytest.raises(TypeError, match="are one argument"):
        SimulatedJudge(slot_bias=0.1, position_bias=0.1)


def test_a_judge_by_its_old_name_is_the_same_judge():
    with pytest.warns(UserWarning, match="slot_bias is called position_bias now"):
        old = load_judge("simulated:slot_bias=0.2,seed=3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        new = load_judge("simulated:position_bias=0.2,seed=3")
    assert old == new
    assert old.identity == new.identity
    pools = [pool.first(3) for pool in load_pools("embedded", limit=2)]
    assert judge_pairs(old, pools).verdicts == judge_pairs(new, pools).verdicts


def test_a_picture(row):
    with pytest.warns(DeprecationWarning, match="plot_positions"):
        assert plot_slots(row).has_data()


def test_answer_groups():
    (pool,) = (prepare(pool) for pool in load_pools("embedded", limit=1))
    with pytest.warns(DeprecationWarning, match="Pool.teams is called groups now"):
        assert pool.teams == pool.groups != ()
    with pytest.warns(DeprecationWarning, match="Pool.team_of is called group_of now"):
        assert pool.team_of(3) == pool.group_of(3)
    with pytest.warns(DeprecationWarning, match=r"Pool\(teams=\) is called groups= now"):
        assert Pool(pool.problem, pool.candidates, teams=pool.groups) == pool
    with pytest.warns(DeprecationWarning, match="answers.team_numbers is called answers.group_n"):
        from pairjudge_lab.answers import team_numbers
    assert team_numbers(["1", "2", "1.0"]) == (0, 1, 0)
    with pytest.warns(DeprecationWarning, match=r"majority_at_k\(teams=\) is called groups= now"):
        assert majority_at_k(teams=[0, 0, 1], right=[1, 1, 0], k=3) == 1
    with pytest.raises(TypeError, match="majority_at_k: teams and groups are one argument"):
        majority_at_k(teams=[0], groups=[0], right=[1], k=1)


def test_match_results():
    from pairjudge_lab.records import MatchResult

    with pytest.warns(DeprecationWarning, match="records.Bout is called records.MatchResult now"):
        from pairjudge_lab.records import Bout
    assert Bout is MatchResult
    with pytest.raises(ImportError):
        from pairjudge_lab.records import Bouts  # noqa: F401
    pool = load_pools("embedded", limit=1)[0]
    referee = Referee(pool, Rules(), np.random.default_rng(0))
    outcome = Outcome(0, 1, "x", 0)
    with pytest.warns(DeprecationWarning, match="Referee.bout is called match_result now"):
        assert referee.bout(outcome) == referee.match_result(outcome)


class OfBefore:
    """A protocol of one's own, as version 0.1 wanted it."""

    name, cues, close = "of-before", (), ""
    generation = PairJudgeProtocol.generation

    def __init__(self, template=None, reserved=()):
        self.one = PairJudgeProtocol(template, reserved)
        self.template = self.one.template

    def conversations(self, match):
        return [self.one.messages(match)]

    def join(self, answers):
        ((text, cut_off),) = answers
        return self.one.read(text, cut_off=cut_off)


def test_label_positions():
    with pytest.warns(DeprecationWarning, match="labels.Cue is called .*labels.LabelPosition now"):
        from pairjudge_lab.protocols.labels import Cue
    assert Cue is LabelPosition
    with pytest.warns(DeprecationWarning, match="PairJudgeProtocol.cues is called"):
        assert PairJudgeProtocol().cues == PairJudgeProtocol.label_positions
    with pytest.warns(DeprecationWarning, match="cue="):
        own = Contract(
            "own", "", MT_BENCH.wording, MT_BENCH.verdict, {}, cue=RRM.label_position, close=""
        )
    with pytest.warns(DeprecationWarning, match="Contract.cue is called label_position"):
        assert own.cue == RRM.label_position


def test_a_protocol_of_before():
    with pytest.warns(DeprecationWarning, match="OfBefore.cues is called label_positions now"):
        judge = TextJudge("old", LengthEngine("short"), OfBefore(), OfBefore.generation)
    (request,) = judge.requests(Match(load_pools("embedded", limit=1)[0], 0, 1))
    assert request.labels == ()


def test_figures_of_training():
    effect = Estimate(0.1, 0, 0.2, 9, "t")
    audit = Audit(9, None, None, position_effect=effect, pair_accuracy=None, unread=0)
    with pytest.warns(DeprecationWarning, match="Audit.slot_effect is called position_effect now"):
        assert audit.slot_effect is audit.position_effect
    with pytest.warns(DeprecationWarning, match="Audit.unreadable is called unread now"):
        assert audit.unreadable == 0
    # Files of a training run keep the keys of version 0.1.
    assert {"slot_effect", "slot_effect_low", "unreadable"} < audit.to_dict().keys()
    with pytest.warns(DeprecationWarning, match="plot_audits"):
        assert plot_audits({"run": [{"step": 1, **audit.to_dict()}]}, "slot_effect").has_data()
    funnel = Funnel(only_one_before=(2, 1), only_one_after=(1, 1))
    with pytest.warns(DeprecationWarning, match="Funnel.slots_after is called only_one_after now"):
        assert funnel.slots_after == (1, 1)
    assert funnel.to_dict()["slots_before"] == (2, 1)


def test_pairs_that_were_read():
    pairs, *_ = pair_up(load_verdicts("embedded").head(500))
    with pytest.warns(DeprecationWarning, match="Pairs.readable is called read now"):
        assert (pairs.readable == pairs.read).all()


def test_run_statistics():
    arena = Arena(SimulatedJudge())
    with pytest.warns(DeprecationWarning, match="Arena.ledger is called statistics now"):
        assert arena.ledger is arena.statistics
    with pytest.warns(DeprecationWarning, match="RunStatistics"):
        from pairjudge_lab.arena import Ledger
    assert isinstance(arena.statistics, Ledger)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [("teacher", "teacher", "ChainTeacher"), ("card", "card", "measure"), ("tiny", "", "main")],
)
def test_the_small_world_is_still_found_in_training(old, new, name):
    module = importlib.import_module(f"pairjudge_lab.training.{old}")
    there = f"pairjudge_lab.toy.{new or '__main__'}"
    with pytest.warns(DeprecationWarning, match=f"{there.removesuffix('.__main__')} now"):
        found = getattr(module, name)
    assert found is getattr(importlib.import_module(there), name)
    with pytest.raises(AttributeError):
        module.nonsense  # noqa: B018
