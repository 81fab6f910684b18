"""Live and replay select the same, for every kind of judge and every tournament."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import Arena, FunctionJudge, UserError, judge_pairs
from pairjudge_lab.arena import problem_rng
from pairjudge_lab.records import Status, Verdict, VerdictKind
from pairjudge_lab.replay import curve, record, replay
from pairjudge_lab.statistics.labels import label_report
from pairjudge_lab.tournaments import TOURNAMENTS, Rules
from pairjudge_lab.tournaments.caps import Caps
from pairjudge_lab.verdicts.codes import verdict_of
from pairjudge_lab.verdicts.kinds import judge_kind
from tests.conftest import make_pool

CODES = {VerdictKind.LABELS: [0, 1, 2, 3, 4], VerdictKind.PREFERENCE: [0, 1, 2, 4]}


class PlannedJudge:
    """Says what a table of codes holds, of one kind; what cannot be read in any of three ways."""

    capacity = 7

    def __init__(self, codes, kind):
        self.codes, self.kind = codes, kind
        self.identity = {"name": "planned"}

    def judge(self, matches):
        return [self._say(m) for m in matches]

    def _say(self, match):
        code = int(self.codes[match.repetition % len(self.codes), match.a, match.b])
        verdict = verdict_of(code, self.kind)
        if verdict.status is Status.PARSED:
            return verdict
        others = [s for s in Status if s is not Status.PARSED]
        return Verdict(others[(match.a + match.b) % 3])


rules = st.builds(
    Rules,
    order=st.sampled_from(["drawn", "random", "balanced", "both"]),
    votes=st.sampled_from([1, 3]),
    both_correct=st.sampled_from(["tie", "first"]),
    neither=st.sampled_from(["out", "tie"]),
    unread=st.sampled_from(["tie", "neither", "keep", "again"]),
    budget=st.none() | st.integers(0, 40),
)


@given(
    st.sampled_from([name for name in sorted(TOURNAMENTS) if name != "certified-knockout"]),
    st.sampled_from(list(VerdictKind)),
    rules,
    st.lists(st.integers(0, 4), min_size=1, max_size=9),
    st.integers(0, 999),
)
def test_live_and_replay_agree(name, kind, some_rules, groups, seed):
    if name.startswith("knockout-seeded") and some_rules.unread == "keep":
        return
    tournament = replace(TOURNAMENTS[name], rules=some_rules)
    if isinstance(tournament, Caps):
        # Recorded verdicts are of whole solutions: live it must show nothing else.
        tournament = replace(tournament, part=1.0)
    if getattr(tournament, "needs_labels", False) and kind is VerdictKind.PREFERENCE:
        return
    pool = make_pool([t == 0 for t in groups], groups)
    scored = tuple(replace(c, score=float(i % 3)) for i, c in enumerate(pool.candidates))
    pool = replace(pool, candidates=scored)
    n = len(groups)
    codes = np.random.default_rng(seed).choice(CODES[kind], (4, n, n))
    judge = PlannedJudge(codes, kind)
    (live,) = Arena(judge).play([pool], tournament, seed=seed)
    if n == 1:
        return
    table = judge_pairs(judge, [pool], repetitions=4).to_pandas()
    (recording,) = record([pool], table)
    assert recording.kind is kind or (codes == 4).all()
    played = replay(recording, tournament, problem_rng(seed, pool.problem.id))
    for field in ("candidate", "ranking", "calls", "calls_saved", "rounds", "note"):
        assert getattr(played, field) == getattr(live, field), field
    assert [[r.points for r in results] for results in played.history] == [
        [r.points for r in results] for results in live.history
    ]


def longer(question, a, b):
    return "A" if len(a) > len(b) else "B"


def test_what_needs_labels_refuses_preferences_before_it_plays():
    pool = make_pool([True, False, False, True])
    asked = []

    def ask(*texts):
        asked.append(texts)
        return longer(*texts)

    judge = FunctionJudge(ask, "longer", kind=VerdictKind.PREFERENCE)
    by_labels = TOURNAMENTS["round-robin-labels"]
    with pytest.raises(UserError, match="'round-robin-labels' needs a judge that labels"):
        Arena(judge).play([pool], by_labels)
    assert not asked
    # A judge that does not say what it gives is found out by its first verdict.
    with pytest.raises(UserError, match="'round-robin-labels' needs a judge that labels"):
        Arena(FunctionJudge(longer, "unknown")).play([pool], by_labels)
    table = judge_pairs(judge, [pool]).to_pandas()
    recordings = record([pool], table)
    with pytest.raises(UserError, match="'round-robin-labels' needs a judge that labels"):
        replay(recordings[0], by_labels, np.random.default_rng(0))
    for name in ("round-robin-labels", "mean-verdict"):
        with pytest.raises(UserError, match=f"'{name}' needs a judge that labels"):
            curve(recordings, ["pass", name], [2])
    truth = {("p", str(i)): bool(c.correct) for i, c in enumerate(pool.candidates)}
    with pytest.raises(UserError, match="a report on labels needs a judge that labels"):
        label_report(table, truth)


def test_a_tie_of_a_preference_calls_nobody_correct():
    """The rule of the one shown first is about two called correct, and so is the evidence."""
    pool = make_pool([True, False, False, True])
    said = {kind: PlannedJudge(np.full((1, 4, 4), 2), kind) for kind in VerdictKind}
    released = replace(TOURNAMENTS["knockout-released"])
    seeds = range(40)
    chosen = {
        kind: [Arena(judge).play([pool], released, seed=seed)[0] for seed in seeds]
        for kind, judge in said.items()
    }
    for selection in chosen[VerdictKind.LABELS]:
        assert all(
            result.points == (1.0, 0.0) for results in selection.history for result in results
        )
    for selection in chosen[VerdictKind.PREFERENCE]:
        assert all(
            result.points == (0.5, 0.5) for results in selection.history for result in results
        )


def test_judges_say_their_kind():
    from pairjudge_lab import load_judge
    from pairjudge_lab.protocols import PROTOCOLS, protocol

    assert judge_kind(load_judge("simulated")) is VerdictKind.LABELS
    assert judge_kind(FunctionJudge(longer, "f")) is None
    wrong = FunctionJudge(longer, "f", kind="labels")
    with pytest.raises(UserError, match="'f' gives labels, and its function returned 'B'"):
        judge_pairs(wrong, [make_pool([True, False])])
    assert {judge_kind(protocol(name)) for name in PROTOCOLS} == set(VerdictKind)
