"""The shipped study: complete, of one kind, and the same when it is assembled or judged again."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import permutations
from pathlib import Path

import httpx
import pytest

from pairjudge_lab import (
    UserError,
    bias_report,
    curve,
    load_pools,
    load_problems,
    load_verdicts,
    prepare,
)
from pairjudge_lab.judges.cascade import CascadeRule
from pairjudge_lab.judges.cascade_tables import cascade_table
from pairjudge_lab.price import price
from pairjudge_lab.replay import frontier, record
from pairjudge_lab.replay.curves import without_verdicts
from pairjudge_lab.statistics.discrimination import right_favoured
from pairjudge_lab.statistics.probabilities import probabilities_of
from pairjudge_lab.statistics.stability import stability
from pairjudge_lab.verdicts.by_probability import by_probability

FOLDER = Path(__file__).parents[2] / "data" / "study"
MODELS = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")


@pytest.fixture(scope="module")
def pools():
    return [prepare(pool) for pool in load_pools("study")]


def test_both_judges_judged_both_orders_of_every_pair_with_different_answers(pools):
    wanted = {
        (pool.problem.id, str(a), str(b))
        for pool in pools
        for a, b in permutations(range(6), 2)
        if pool.groups[a] != pool.groups[b]
    }
    for model in MODELS:
        table = load_verdicts("study", judge=f"{model}, labels")
        rows = list(zip(table["problem_id"], table["response_a"], table["response_b"], strict=True))
        assert Counter(rows) == Counter(wanted)
        assert set(table["kind"].dropna()) == {"labels"}
        read = table["verdict"] != "invalid"
        assert table.loc[read, ["a_probability", "b_probability"]].notna().all(axis=None)


def test_candidates_are_sixteen_of_each_model_and_know_their_cost(pools):
    assert len(pools) == 100
    for pool in pools:
        for judged, each in ((6, 3), (None, 16)):
            some = Counter(c.source for c in pool.candidates[:judged])
            assert some == dict.fromkeys(MODELS, each)
        for candidate in pool.candidates:
            assert candidate.tokens
            assert candidate.finish in ("stop", "length")
            assert candidate.correct is not None
    assert len(load_problems("study", limit=3)) == 3


def test_a_newcomer_sees_a_position_effect():
    report = bias_report(load_verdicts("study"))
    labels = [row for row in report.rows if row.group.endswith("labels")]
    assert len(labels) == 2
    for row in labels:
        assert row.position_effect.low > 0.2


def test_what_notebook_10_says_came_out(pools):
    truth = {
        (pool.problem.id, str(i)): candidate.correct
        for pool in pools
        for i, candidate in enumerate(pool.candidates)
    }
    six = [pool.first(6) for pool in pools]
    gaps = []
    for model in MODELS:
        labels = load_verdicts("study", judge=f"{model}, labels")
        share = right_favoured(labels, truth)
        if model == MODELS[0]:
            assert share.low < 0.5 < share.high
        else:
            assert 0.5 < share.low < share.estimate < 0.7
        for table in (labels, by_probability(labels, both_orders=False), by_probability(labels)):
            found = curve(record(six, table), ["majority", "knockout"], [6], subsets=50)
            (gap,) = (c.difference for c in found.compare("majority"))
            gaps.append(gap)
    assert all(gap.estimate < 0 for gap in gaps)
    assert sum(gap.high < 0 for gap in gaps) >= 2


def test_few_answers_with_reasoning_end_with_labels_and_all_are_read_once_these_are_asked_for():
    table = load_verdicts("study")
    read = (table["verdict"] != "invalid").groupby(table["judge"]).mean()
    for wording in ("lab", "example", "solve-first"):
        name = f"{MODELS[1]}, reasoning, {wording}"
        assert read[name] < 0.35
        assert read[f"{name}, labels asked for"] == 1
        written = table[table["judge"] == name]
        assert written["completion_tokens"].median() > 250
        places = written[["problem_id", "response_a", "response_b"]].to_numpy().tolist()
        assert all([problem, b, a] in places for problem, a, b in places)


def test_behind_reasoning_the_position_effect_is_small_and_nothing_is_known(pools):
    place = ["problem_id", "response_a", "response_b"]
    behind = load_verdicts("study", judge=f"{MODELS[1]}, reasoning, lab, labels asked for")
    at_once = load_verdicts("study", judge=f"{MODELS[1]}, labels").merge(behind[place], on=place)
    assert len(at_once) == len(behind) >= 600
    small, large = (bias_report(table).rows[0].position_effect for table in (behind, at_once))
    assert 0 < small.low < small.estimate < 0.15
    assert small.high < large.low
    assert (behind["verdict"] == "tie").mean() > 0.6
    truth = {(p.problem.id, str(i)): c.correct for p in pools for i, c in enumerate(p.candidates)}
    coin, more = (right_favoured(table, truth) for table in (behind, at_once))
    assert coin.low < 0.5 < coin.high
    assert more.low > 0.5


def test_repetitions_at_a_temperature_are_five_of_each_match_with_a_seed_of_their_own():
    judge = f"{MODELS[1]}, reasoning, lab, temperature 0.7"
    place = ["problem_id", "response_a", "response_b"]
    for name in (judge, f"{judge}, labels asked for"):
        counts = load_verdicts("study", judge=name).groupby(place)["repetition"].agg(set)
        assert len(counts) == 24
        assert all(of == set(range(5)) for of in counts)
    asked = [json.loads(line)["request"] for line in recorded()]
    seeds = [r["seed"] for r in asked if r.get("temperature") == 0.7 and r["seed"] > 5]
    assert len(seeds) == len(set(seeds)) >= 120


def test_asked_again_at_a_temperature_it_often_says_something_else():
    judge = f"{MODELS[1]}, reasoning, lab, temperature 0.7, labels asked for"
    found = stability(load_verdicts("study", judge=judge))
    assert found.items == 24
    assert 0.65 < found.stability.estimate < 0.8


def test_there_is_much_to_gain_over_majority_voting(pools):
    found = curve(without_verdicts(pools), ["pass", "majority"], [32], subsets=50)
    most, vote = (point.accuracy.estimate for point in found.points)
    assert most == pytest.approx(0.82, abs=0.005)
    assert vote == pytest.approx(0.46, abs=0.01)


def test_probabilities_are_higher_for_what_is_shown_first(pools):
    truth = {(p.problem.id, str(i)): c.correct for p in pools for i, c in enumerate(p.candidates)}
    for model, means in zip(MODELS, ((0.84, 0.38), (0.70, 0.43)), strict=True):
        stated = probabilities_of(load_verdicts("study", judge=f"{model}, labels"), truth).positions
        shown = [stated[f"shown {place}"] for place in ("first", "second")]
        assert [labels[0].mean() for labels in shown] == pytest.approx(means, abs=0.005)
        # The same responses in both places.
        assert [labels[1].mean() for labels in shown] == pytest.approx([0.159] * 2, abs=0.001)


@pytest.mark.slow
def test_what_the_position_costs_and_what_a_few_matches_of_a_round_robin_gain(pools):
    table = load_verdicts("study", judge=f"{MODELS[1]}, labels")
    played = [r for r in record([pool.first(6) for pool in pools], table) if len(r) == 6]
    lost = {p.effect: p.lost for p in price(played, 6)}
    assert lost["position"].low < 0 < lost["position"].estimate < lost["position"].high < 0.05
    assert lost["both orders"].high < 0
    assert lost["length"].estimate < 0
    spent = frontier(played, ["knockout", "swiss", "round-robin"], 6, [3, 5], subsets=100)
    gains = {(c.selector, c.budget): c.difference for c in spent.compare()}
    assert gains.pop(("round-robin", 3)).low > 0
    assert all(gap.low < 0 < gap.high for gap in gains.values())


def test_a_cascade_of_the_two_gains_nothing_over_the_larger_alone(pools):
    weak, strong = (load_verdicts("study", judge=f"{model}, labels") for model in MODELS)
    six = [pool.first(6) for pool in pools]
    found = {}
    for threshold in (0, 0.5, 0.55, 0.6, 2):
        table = cascade_table(weak, strong, CascadeRule(threshold))
        played = curve(record(six, table), ["majority", "knockout"], [6], subsets=50)
        (gap,) = (c.difference for c in played.compare("majority"))
        assert gap.estimate < 0
        found[threshold] = played.points[1].accuracy.estimate
    assert max(found.values()) < found[2] + 0.02


def test_an_unknown_judge_lists_those_there():
    with pytest.raises(UserError, match="its judges are: 'qwen2"):
        load_verdicts("study", judge="gpt-9")


def assembled(folder, lines):
    requests = folder / "requests.jsonl"
    requests.write_text("".join(line + "\n" for line in lines))
    subprocess.run(
        [sys.executable, str(FOLDER / "assemble.py"), str(requests), "--out", str(folder)],
        check=True, capture_output=True,
    )  # fmt: skip
    return load_verdicts(folder / "verdicts.parquet")


def recorded():
    return (
        gzip.decompress((FOLDER / "raw" / "requests.jsonl.gz").read_bytes()).decode().splitlines()
    )


def test_the_tables_are_what_the_recorded_requests_give(tmp_path):
    again = assembled(tmp_path, recorded())
    assert again.equals(load_verdicts("study"))
    assert load_pools(tmp_path / "pools.parquet") == load_pools("study")


def test_the_card_gives_the_counts_of_the_recording(tmp_path):
    requests = tmp_path / "requests.jsonl"
    requests.write_text("".join(line + "\n" for line in recorded()))
    told = subprocess.run(
        [sys.executable, str(FOLDER / "figures.py"), str(requests)],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    card = " ".join((FOLDER / "README.md").read_text("utf-8").split())
    for line in told[:2]:
        assert line in card
    count, hours = told[2].split(" requests in all, ")
    assert count in card
    assert hours in card
    at_once = [line.split(": ")[1] for line in told if line.startswith("one seed")]
    assert at_once == [f"{k} of 20 at once" for k in (0, 4, 20, 0, 20)]
    variances = (("0.0004", "0.0006"), ("0.0007", "0.0011"))
    for line, (found, chance) in zip(told[-2:], variances, strict=True):
        assert line.endswith(f"over seeds {found}, by chance {chance}")
        assert f"{found} where " in card
        assert chance in card


def test_what_is_whole_behind_what_is_not_is_left_out(tmp_path, pools):
    """Short answers are done first: those of a part that is not whole are no fair sample of it."""
    judge = f"{MODELS[1]}, reasoning, lab"
    verdicts = load_verdicts("study", judge=judge)["problem_id"].value_counts(sort=False)
    order = verdicts.index.tolist()
    # With a fourth pair, and both series of pairs end there.
    place = next(i for i in range(5, len(order)) if verdicts.iloc[i] == 8)
    lost = order[place]
    kept = [
        line
        for line in recorded()
        if (what := json.loads(line)["what"])["problem"] != lost
        or (what["kind"], what.get("wording"), what.get("repetition")) != ("reasoned", "lab", 0)
        or (what["a"], what["b"]) == (0, 1)
    ]
    table = assembled(tmp_path, kept)
    assert table[table["judge"] == judge]["problem_id"].unique().tolist() == order[:place]
    at_once = f"{MODELS[0]}, labels"
    assert table[table["judge"] == at_once]["problem_id"].nunique() == 95


@pytest.mark.parametrize("model", MODELS)
def test_a_few_matches_judged_again(model):
    """With llama-server at the address in STUDY_SERVER_05B or STUDY_SERVER_15B."""
    variable = "STUDY_SERVER_" + ("05B" if "0.5" in model else "15B")
    address = os.environ.get(variable)
    if not address:
        pytest.skip(f"needs a server of {model}: its address in {variable}")
    lines = gzip.decompress((FOLDER / "raw" / "requests.jsonl.gz").read_bytes()).splitlines()
    rows = [row for row in map(json.loads, lines) if row["model"] == model]
    labels = [row for row in rows if row["what"]["kind"] == "label"][:6]
    for row in labels:
        answer = httpx.post(f"{address}/completion", json=row["request"], timeout=600).json()
        assert answer["content"] == row["response"]["content"]
        before, now = (
            {t["token"]: t["logprob"] for t in said["completion_probabilities"][0]["top_logprobs"]}
            for said in (row["response"], answer)
        )
        likeliest = max(before, key=lambda token: before[token])
        # Kernels differ in their rounding from machine to machine and with what is cached.
        assert now[likeliest] == pytest.approx(before[likeliest], abs=0.3)
