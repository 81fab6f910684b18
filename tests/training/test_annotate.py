"""The funnel: what a teacher's tournaments leave to train on, every step counted."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from pairjudge_lab import Arena
from pairjudge_lab.cli import main
from pairjudge_lab.protocols import PairJudgeProtocol
from pairjudge_lab.records import Match, Status, UserError, Verdict
from pairjudge_lab.tournaments import tournament
from pairjudge_lab.toy.teacher import PAIRWISE, ChainTeacher
from pairjudge_lab.training.annotate import annotate, to_the_letter
from pairjudge_lab.training.judgments import SPLITS, read_folder
from tests.conftest import make_pool

BOTH = tournament("round-robin", order="both")
PROTOCOL = PairJudgeProtocol(PAIRWISE)


def play(pools, folder, teacher=None, rules=BOTH, **settings):
    return annotate(pools, teacher or ChainTeacher(), rules, folder, protocol=PROTOCOL, **settings)


def test_every_step_of_the_funnel_is_counted(pools, tmp_path):
    """Held against a second count, straight from the teacher's verdicts."""
    teacher = ChainTeacher(errors=0.2, sloppy=0.1)
    funnel = play(pools, tmp_path, teacher, balance=False)
    right = {p.problem.id: [bool(c.correct) for c in p.candidates] for p in pools}
    mixed = [p for p in pools if 0 < sum(right[p.problem.id]) < len(p)]
    assert funnel.problems == len(pools)
    assert funnel.all_right == sum(all(r) for r in right.values())
    assert funnel.all_wrong == sum(not any(r) for r in right.values())
    assert funnel.played == len(mixed)
    matches = [
        Match(p, a, b)
        for p in mixed
        for a in range(len(p))
        for b in range(len(p))
        if a != b and p.group_of(a) != p.group_of(b)
    ]
    verdicts = Arena(teacher).judge(matches)
    assert funnel.comparisons == len(matches)
    assert funnel.statuses == dict(Counter(v.status.value for v in verdicts))
    assert {"parsed", "unparsed"} <= funnel.statuses.keys()
    kept = [
        m
        for m, v in zip(matches, verdicts, strict=True)
        if (v.a_correct, v.b_correct)
        == (m.pool.candidates[m.a].correct, m.pool.candidates[m.b].correct)
    ]
    assert funnel.right == funnel.to_the_letter == len(kept)
    assert funnel.right < 0.95 * funnel.comparisons, "the planted errors were caught"
    shown = {(m.question, m.response_a, m.response_b) for m in kept}
    assert funnel.distinct == len(shown) == sum(funnel.rows.values())
    card = (tmp_path / "README.md").read_text()
    for count in (funnel.comparisons, funnel.right, funnel.distinct):
        assert f"| {count} |" in card
    assert json.loads((tmp_path / "funnel.json").read_text())["right"] == funnel.right


def test_rows_are_right_and_split_by_problem(pools, tmp_path):
    play(pools, tmp_path, ChainTeacher(errors=0.3), held_out=0.25)
    sides = {split: list(read_folder(tmp_path, split)) for split in ("train", "held_out")}
    names = {split: {row.problem_id for row in rows} for split, rows in sides.items()}
    assert names["train"]
    assert names["held_out"]
    assert names["train"].isdisjoint(names["held_out"])
    by_name = {pool.problem.id: pool for pool in pools}
    for row in (*sides["train"], *sides["held_out"]):
        pool = by_name[row.problem_id]
        match = Match(pool, row.a, row.b)
        assert list(row.prompt) == PROTOCOL.messages(match)
        verdict = PROTOCOL.read(row.completion)
        assert (verdict.a_correct, verdict.b_correct) == (row.a_correct, row.b_correct)
        assert row.a_correct == pool.candidates[row.a].correct
        assert row.b_correct == pool.candidates[row.b].correct


def test_positions_are_balanced_and_reported_before_and_after(pools, tmp_path):
    rules = tournament("ladder", order="drawn")
    lopsided = play(pools, tmp_path / "raw", rules=rules, replicates=3, balance=False)
    assert lopsided.only_one_before == lopsided.only_one_after
    only_a, only_b = lopsided.only_one_before
    assert only_a > 1.5 * only_b, "the champion stands first"
    balanced = play(pools, tmp_path / "even", rules=rules, replicates=3)
    assert balanced.only_one_before == lopsided.only_one_before
    assert balanced.only_one_after[0] == balanced.only_one_after[1] == min(balanced.only_one_before)
    gone = abs(balanced.only_one_before[0] - balanced.only_one_before[1])
    assert sum(balanced.rows.values()) == sum(lopsided.rows.values()) - gone


def test_two_right_responses_are_seen_only_within_groups(pools, tmp_path):
    def both_right(folder, **settings):
        play(pools, folder, **settings)
        return sum(bool(r.a_correct and r.b_correct) for r in read_folder(folder))

    assert both_right(tmp_path / "without") == 0
    assert both_right(tmp_path / "with", within_groups=True) > 0


def test_a_second_run_asks_nothing_again(pools, tmp_path):
    class Counting(ChainTeacher):
        asked = 0

        def judge(self, matches):
            Counting.asked += len(matches)
            return super().judge(matches)

    play(pools, tmp_path, Counting())
    first = Counting.asked
    rows = (tmp_path / "train.jsonl").read_text()
    play(pools, tmp_path, Counting())
    assert Counting.asked == first > 0
    assert (tmp_path / "train.jsonl").read_text() == rows


def test_nothing_to_learn_from_is_refused(tmp_path):
    same = [make_pool([True, True]), make_pool([False, False], name="q")]
    with pytest.raises(UserError, match="1 all right, 1 all wrong"):
        play(same, tmp_path)
    with pytest.raises(UserError, match=r"none of the 2|no judgment of 2"):
        # The teacher cannot read questions of another world.
        play([make_pool([True, False])], tmp_path)
    with pytest.raises(UserError, match="between 0 and 1"):
        play(same, tmp_path, held_out=1.0)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("x <resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>", True),
        ("x <resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect", True),
        ("x <resp_a_judge>correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>", False),
        ("x <resp_a_judge>Correct</resp_a_judge> and <resp_b_judge>Incorrect</resp_b_judge>",
         False),
        ("<resp_a_judge>Correct</resp_a_judge>" * 2 + "<resp_b_judge>Incorrect</resp_b_judge>",
         False),
    ],
)  # fmt: skip
def test_the_format_is_followed_to_the_letter_or_not(text, sound):
    verdict = Verdict(Status.PARSED, True, False, text)
    assert (to_the_letter(verdict) is not None) == sound
    assert to_the_letter(Verdict(Status.UNPARSED, text=text)) is None


def test_the_command_makes_a_folder_that_training_reads(tmp_path, capsys):
    words = ["annotate", "embedded", "--limit", "12", "-n", "5", "--judge", "chain-teacher"]
    words += ["--critic", "chain-teacher", "--out", str(tmp_path / "out"), "--json"]
    assert main(words) == 0
    funnel = json.loads(capsys.readouterr().out)
    assert funnel["tournaments"] == funnel["played"] > 0
    assert funnel["critiques"] > 0
    assert list(read_folder(tmp_path / "out"))
    assert main([*words[:-3], "--judge", "chain-teacher:errors=2", "--out", str(tmp_path)]) == 2
    assert "each a probability" in capsys.readouterr().err


def twice(pools):
    """Every problem a second time, under another id."""
    again = [replace(p, problem=replace(p.problem, id=f"again {p.problem.id}")) for p in pools]
    return [*pools, *again]


def test_a_question_under_two_ids_is_held_out_under_both(pools, tmp_path):
    play(twice(pools[:12]), tmp_path, held_out=0.25)
    train, out = ({row.question for row in read_folder(tmp_path, s)} for s in SPLITS)
    assert train
    assert out
    assert train.isdisjoint(out)


def test_a_text_that_is_marked_right_and_wrong_teaches_nothing(pools, tmp_path):
    mixed = [p for p in pools if 0 < sum(bool(c.correct) for c in p.candidates) < len(p)]
    odd = mixed[0]
    wrong = replace(odd.candidates[0], correct=not odd.candidates[0].correct)
    odd = replace(odd, candidates=(*odd.candidates, wrong), groups=())
    funnel = play([odd, *mixed[1:]], tmp_path)
    assert (funnel.contradictory, funnel.played) == (1, len(mixed) - 1)
    assert odd.problem.id not in {row.problem_id for row in read_folder(tmp_path)}
    assert (
        "| left out: one text marked right and wrong | 1 |" in (tmp_path / "README.md").read_text()
    )


def test_nor_does_one_that_another_problem_of_the_same_question_marks_otherwise(pools, tmp_path):
    mixed = [p for p in pools if 0 < sum(bool(c.correct) for c in p.candidates) < len(p)]
    turned = tuple(replace(c, correct=not c.correct) for c in mixed[0].candidates)
    other = replace(mixed[0], problem=replace(mixed[0].problem, id="other"), candidates=turned)
    for k, some in enumerate(([*mixed, other], [other, *mixed])):
        funnel = play(some, tmp_path / str(k))
        assert (funnel.contradictory, funnel.played) == (2, len(mixed) - 1)


class Breaks(ChainTeacher):
    """A critic whose work is interrupted."""

    def judge(self, matches):
        raise KeyboardInterrupt


def test_a_run_that_is_interrupted_leaves_no_rows_to_train_on(pools, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        play(pools, tmp_path, critic=Breaks(pointwise=True))
    assert [file.name for file in tmp_path.iterdir()] == ["verdicts.sqlite"]
    play(pools, tmp_path, critic=ChainTeacher(pointwise=True))
    before = (tmp_path / "train.jsonl").read_text()
    with pytest.raises(KeyboardInterrupt):
        play(pools, tmp_path, seed=1, critic=Breaks(pointwise=True, errors=0.5))
    assert (tmp_path / "train.jsonl").read_text() == before, "what was there stays whole"


def test_a_run_without_a_critic_leaves_no_critiques_of_before(pools, tmp_path):
    play(pools, tmp_path, critic=ChainTeacher(pointwise=True))
    assert (tmp_path / "critiques.jsonl").exists()
    play(pools, tmp_path)
    assert not (tmp_path / "critiques.jsonl").exists()
    assert not (tmp_path / "critic_template.md").exists()
