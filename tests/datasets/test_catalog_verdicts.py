"""Each mapping, on a small file of the dataset's own layout that the test makes and places."""

import re

import pandas as pd
import pytest

from pairjudge_lab import load_verdicts
from pairjudge_lab.datasets.catalog.verdicts import BIAS_JUDGES, JUDGEBENCH_FILES, LLMBAR_JUDGES
from pairjudge_lab.datasets.registry import find
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.position import bias_report
from tests.datasets.placing import place

MATCH = ["judge", "problem_id", "response_a", "response_b", "verdict"]


def rows_of(table, *columns):
    return [tuple(row) for row in table[list(columns)].itertuples(index=False)]


def mt_row(**changes):
    row = {
        "question_id": 81, "model_a": "alpaca", "model_b": "vicuna", "winner": "model_b",
        "judge": "author_0", "conversation_a": [], "conversation_b": [], "turn": 1,
    }  # fmt: skip
    return {**row, **changes}


def test_mt_bench_human(lab_data):
    rows = [mt_row(), mt_row(winner="tie"), mt_row(turn=2, winner="model_a")]
    place("verdicts/mt-bench-human/data/human-00000-of-00001-25f4910818759289.parquet", rows)
    table = load_verdicts("mt-bench-human")
    assert rows_of(table, *MATCH, "repetition") == [
        ("author_0", "81-turn-1", "alpaca", "vicuna", "B", 0),
        ("author_0", "81-turn-1", "alpaca", "vicuna", "tie", 1),
        ("author_0", "81-turn-2", "alpaca", "vicuna", "A", 0),
    ]


def test_mt_bench_gpt4(lab_data):
    rows = [mt_row(judge="gpt4_pair", winner="tie (inconsistent)")]
    path = place(
        "verdicts/mt-bench-gpt4/data/gpt4_pair-00000-of-00001-c0b431264a82ddc0.parquet", rows
    )
    assert rows_of(load_verdicts("mt-bench-gpt4"), "judge", "verdict") == [("gpt4_pair", "tie")]
    pd.DataFrame([mt_row(winner="vicuna")]).to_parquet(path)
    with pytest.raises(UserError, match="winner is model_a, model_b or tie; got 'vicuna'"):
        load_verdicts("mt-bench-gpt4")


def test_mt_bench_with_its_orders_apart(lab_data):
    """All the keys that FastChat's play_a_match_pair writes, and its three kinds of winner."""
    row = {
        "question_id": 81, "model_1": "alpaca", "model_2": "vicuna", "g1_winner": "model_2",
        "g2_winner": "model_1", "judge": ["gpt-4", "pair-v2"], "g1_judgment": "[[B]]",
        "g2_judgment": "[[B]]", "turn": 1, "tstamp": 1.0, "g1_user_prompt": "?",
        "g2_user_prompt": "?",
    }  # fmt: skip
    name = "verdicts/mt-bench-gpt4-orders/data/mt_bench/model_judgment/gpt-4_pair.jsonl"
    place(name, [row, {**row, "turn": 2, "g1_winner": "tie", "g2_winner": "error"}])
    table = load_verdicts("mt-bench-gpt4-orders")
    # The judge said B in both orders: it prefers whatever is shown second.
    assert rows_of(table, *MATCH) == [
        ("gpt-4/pair-v2", "81-turn-1", "alpaca", "vicuna", "B"),
        ("gpt-4/pair-v2", "81-turn-1", "vicuna", "alpaca", "B"),
        ("gpt-4/pair-v2", "81-turn-2", "alpaca", "vicuna", "tie"),
        ("gpt-4/pair-v2", "81-turn-2", "vicuna", "alpaca", "invalid"),
    ]


def llmbar_row(first, second, label):
    said = {"swap = False": {"completion": ["because", "stop"], "winner": first}}
    said["swap = True"] = {"completion": ["because", "stop"], "winner": second}
    return {"input": "q", "output_1": "x", "output_2": "y", "label": label, "results": [said]}


def place_llmbar(rows_by_judge, other):
    for judge in LLMBAR_JUDGES:
        for prompt in ("Swap", "Swap_CoT"):
            rows = rows_by_judge.get(f"{judge}/{prompt}", other)
            place(f"verdicts/llmbar-natural/Natural/evaluators/{judge}/{prompt}/result.json", rows)


def test_llmbar_evaluators(lab_data):
    rows = [llmbar_row("1", "1", 1), llmbar_row("1", "2", 2), llmbar_row(None, "2", 2)]
    place_llmbar({"GPT-4/Swap": rows}, [])
    table = load_verdicts("llmbar-natural")
    # The winner is an output's number whatever the order; the verdict is a position.
    assert rows_of(table, *MATCH, "gold") == [
        ("GPT-4/Swap", "Natural-0", "output_1", "output_2", "A", "A"),
        ("GPT-4/Swap", "Natural-0", "output_2", "output_1", "B", "B"),
        ("GPT-4/Swap", "Natural-1", "output_1", "output_2", "A", "B"),
        ("GPT-4/Swap", "Natural-1", "output_2", "output_1", "A", "A"),
        ("GPT-4/Swap", "Natural-2", "output_1", "output_2", "invalid", "B"),
        ("GPT-4/Swap", "Natural-2", "output_2", "output_1", "A", "A"),
    ]


def test_llmbars_real_verdicts_come_back(lab_data, shared):
    """The real verdicts, put back into their authors' layout."""
    real = load_verdicts(shared / "llmbar_natural_verdicts.csv")
    by_judge = {}
    for judge, rows in real.groupby("judge"):
        said = {(r.problem_id, r.response_a): r for r in rows.itertuples()}
        names = sorted(set(rows["problem_id"]), key=lambda name: int(name.split("-")[1]))
        by_judge[judge] = []
        for name in names:
            plain, swapped = said[name, "output_1"], said[name, "output_2"]
            by_judge[judge].append(
                llmbar_row(
                    {"A": "1", "B": "2"}.get(plain.verdict),
                    {"A": "2", "B": "1"}.get(swapped.verdict),
                    {"A": 1, "B": 2}[plain.gold],
                )
            )
    place_llmbar(by_judge, None)
    table = load_verdicts("llmbar-natural")
    columns = [*MATCH, "gold"]
    assert sorted(rows_of(table, *columns)) == sorted(rows_of(real, *columns))
    assert len(table) == 2400


def test_the_position_bias_study(lab_data):
    texts = ["Choice: A\nReason: so", "Choice: B\n", "no idea", "Choice: A or Choice: B"]
    for file in find("devbench-repetitions", "verdicts").remote.files:
        judge = next(j for j in BIAS_JUDGES if f"record_{j}_2" in file)
        rows = [
            {"cmp_index": f"t{i};x;y", "question": "q", "A": "x", "B": "y", "task": "t", judge: t}
            for i, t in enumerate(texts)
        ]
        place(f"verdicts/devbench-repetitions/{file}", rows)
    table = load_verdicts("devbench-repetitions")
    assert len(table) == 9 * 3 * 4
    one = table[(table["judge"] == "gpt-4-0613") & (table["repetition"] == 2)]
    assert rows_of(one, "problem_id", "response_a", "response_b", "verdict") == [
        ("t0", "x", "y", "A"),
        ("t1", "x", "y", "B"),
        ("t2", "x", "y", "invalid"),
        ("t3", "x", "y", "invalid"),
    ]
    assert sorted(set(table["repetition"])) == [0, 1, 2]


def test_the_position_bias_studys_real_verdicts_come_back(lab_data, shared):
    """The real verdicts, put back into their authors' layout, and two of the published counts."""
    real = load_verdicts(shared / "devbench_verdicts.csv")
    for file in find("devbench-repetitions", "verdicts").remote.files:
        judge = next(j for j in BIAS_JUDGES if f"record_{j}_2" in file)
        number = int(re.search(r"Repetition(\d)", file).group(1))
        mine = real[(real["judge"] == judge) & (real["repetition"].astype(int) == number)]
        assert len(mine) == 144
        place(
            f"verdicts/devbench-repetitions/{file}",
            [
                {
                    "cmp_index": f"{r.problem_id};{r.response_a};{r.response_b}",
                    judge: "no choice" if r.verdict == "invalid" else f"Choice: {r.verdict}\nwhy",
                }
                for r in mine.itertuples()
            ],
        )
    table = load_verdicts("devbench-repetitions")
    table = table.assign(repetition=table["repetition"] + 1)
    columns = [*MATCH, "repetition"]
    real = real.assign(repetition=real["repetition"].astype(int))
    assert sorted(rows_of(table, *columns)) == sorted(rows_of(real, *columns))
    consistent = {row.group: row.consistent for row in bias_report(table, resamples=50).rows}
    assert consistent["gpt-4-0613"] == 181
    assert consistent["claude-3-haiku-20240307"] == 40


def test_the_position_bias_study_on_mt_bench_has_ties(lab_data):
    for file in find("mt-bench-repetitions", "verdicts").remote.files:
        judge = next(j for j in BIAS_JUDGES if f"record_{j}_3" in file)
        rows = [
            {"cmp_index": f"129;x;y{i}", "question_1": "q", judge: f"Final Verdict: [[{said}]]"}
            for i, said in enumerate("ABC")
        ]
        place(f"verdicts/mt-bench-repetitions/{file}", rows)
    table = load_verdicts("mt-bench-repetitions")
    assert list(table["verdict"][:3]) == ["A", "B", "tie"]


def test_a_comparison_without_three_parts_is_refused(lab_data):
    for file in find("devbench-repetitions", "verdicts").remote.files:
        place(f"verdicts/devbench-repetitions/{file}", [{"cmp_index": "x;y", "j": "Choice: A"}])
    with pytest.raises(UserError, match="cmp_index is problem;first;second; got 'x;y'"):
        load_verdicts("devbench-repetitions")


def test_judgebench_outputs(lab_data):
    judgment = {"judgment": {"judge_model": "m", "prompt": "", "response": "said"}}
    row = {
        "pair_id": "p", "question": "q", "response_A": "x", "response_B": "y", "label": "A>B",
        "judge_name": "arena_hard",
        "judgments": [{**judgment, "decision": "A>B"}, {**judgment, "decision": "A>B"}],
    }  # fmt: skip
    other = {**row, "pair_id": "o", "label": "B>A", "judgments": [None, row["judgments"][0]]}
    for file in JUDGEBENCH_FILES:
        place(f"verdicts/judgebench-outputs/{file}", [row, other])
    table = load_verdicts("judgebench-outputs")
    one = table[table["judge"] == "arena_hard/o1-mini-2024-09-12"]
    assert rows_of(one, *MATCH[1:], "gold") == [
        ("p", "response_A", "response_B", "A", "A"),
        ("p", "response_B", "response_A", "A", "B"),
        ("o", "response_A", "response_B", "invalid", "B"),
        ("o", "response_B", "response_A", "A", "A"),
    ]
    assert table["judge"].nunique() == len(JUDGEBENCH_FILES)
