"""Each mapping, on a small file of the dataset's own layout that the test makes and places."""

import json

import pytest

from pairjudge_lab import load_pools
from pairjudge_lab.datasets.catalog.pools import ADVERSARIAL
from pairjudge_lab.records import UserError
from tests.datasets.placing import place


def seen(pools):
    return [[(c.text, c.correct) for c in pool.candidates] for pool in pools]


def test_reward_bench_2_has_best_of_four_and_ties(lab_data):
    rows = [
        {
            "id": "0", "prompt": "2 + 2?", "chosen": ["4"], "rejected": ["5", "6", "7"],
            "num_correct": 1, "models": ["a", "b", "c", "d"], "subset": "Math",
        },
        {
            "id": "1", "prompt": "Name a colour.", "chosen": ["Red", "Blue"],
            "rejected": ["Table"], "num_correct": 2, "models": ["a", "a", "b"], "subset": "Ties",
        },
    ]  # fmt: skip
    place("pools/reward-bench-2/data/test-00000-of-00001.parquet", rows)
    pools = load_pools("reward-bench-2")
    assert seen(pools) == [
        [("4", True), ("5", False), ("6", False), ("7", False)],
        [("Red", True), ("Blue", True), ("Table", False)],
    ]
    assert [c.source for c in pools[0].candidates] == ["a", "b", "c", "d"]
    assert [pool.problem.id for pool in pools] == ["0", "1"]


def test_reward_bench(lab_data):
    row = {
        "prompt": "q", "chosen": "x", "chosen_model": "m", "rejected": "y", "rejected_model": "n",
        "subset": "hep-python", "id": 3,
    }  # fmt: skip
    place("pools/reward-bench/data/filtered-00000-of-00001.parquet", [row])
    (pool,) = load_pools("reward-bench")
    assert seen([pool]) == [[("x", True), ("y", False)]]
    assert [c.source for c in pool.candidates] == ["m", "n"]
    assert pool.problem.id == "3"


def test_problems_that_share_an_id_are_told_apart(lab_data):
    row = {"prompt": "q", "chosen": "x", "rejected": "y", "subset": "a", "id": 3}
    rows = [row, {**row, "subset": "b"}, {**row, "id": 4}]
    place("pools/reward-bench/data/filtered-0.parquet", rows)
    assert [pool.problem.id for pool in load_pools("reward-bench")] == ["3", "3#2", "4"]


def test_rm_bench_has_three_of_each(lab_data):
    row = {
        "id": "chat_1", "prompt": "q", "chosen": ["a", "b", "c"], "rejected": ["d", "e", "f"],
        "domain": "chat",
    }  # fmt: skip
    place("pools/rm-bench/total_dataset.json", [row])
    (pool,) = load_pools("rm-bench")
    assert [c.correct for c in pool.candidates] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_judgebench(lab_data, model):
    row = {
        "pair_id": "81ec", "original_id": "1", "source": "mmlu-pro", "question": "q",
        "response_model": "gpt-4o", "response_A": "x", "response_B": "y", "label": "B>A",
    }  # fmt: skip
    path = place(f"pools/judgebench-{model}/data/{model}-00000-of-00001.jsonl", [row])
    (pool,) = load_pools(f"judgebench-{model}")
    assert seen([pool]) == [[("x", False), ("y", True)]]
    assert pool.problem.id == "81ec"
    path.write_text(json.dumps({**row, "label": "A=B"}) + "\n")
    with pytest.raises(UserError, match="label is A>B or B>A; got 'A=B'"):
        load_pools(f"judgebench-{model}")


def test_llmbar_numbers_each_subset(lab_data):
    row = {"input": "q", "output_1": "x", "output_2": "y", "label": 1}
    place("pools/llmbar-natural/Natural/dataset.json", [row, {**row, "label": 2}])
    pools = load_pools("llmbar-natural")
    assert [p.problem.id for p in pools] == ["Natural-0", "Natural-1"]
    assert [[c.correct for c in p.candidates] for p in pools] == [[True, False], [False, True]]
    for part in ADVERSARIAL:
        place(f"pools/llmbar-adversarial/Adversarial/{part}/dataset.json", [row])
    names = [p.problem.id for p in load_pools("llmbar-adversarial")]
    assert sorted(names) == sorted(f"{part}-0" for part in ADVERSARIAL)


SYSTEMS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def test_gsm8k_solutions(lab_data):
    row = {"question": "q", "ground_truth": "Think.\nA: 1,200"}
    row |= {s: {"is_correct": i == 3, "solution": s} for i, s in enumerate(SYSTEMS)}
    place("pools/gsm8k-solutions/example_model_solutions.jsonl", [row])
    (pool,) = load_pools("gsm8k-solutions")
    assert pool.problem.answer == "1200"
    assert seen([pool]) == [[(s, i == 3) for i, s in enumerate(SYSTEMS)]]


def test_gsm8k_solutions_give_the_published_accuracies(lab_data, shared):
    """The real solutions, put back into their authors' layout."""
    ours = load_pools(shared / "gsm8k_pools.jsonl")
    rows = []
    for pool in ours:
        row = {"question": pool.problem.question, "ground_truth": f"...\nA: {pool.problem.answer}"}
        for c in pool.candidates:
            row[c.source] = {"is_correct": c.correct, "solution": c.text}
        rows.append(row)
    place("pools/gsm8k-solutions/example_model_solutions.jsonl", rows)
    pools = load_pools("gsm8k-solutions")
    for mine, theirs in zip(pools, ours, strict=True):
        assert mine.problem.id == theirs.problem.id
        assert mine.problem.question == theirs.problem.question
        assert mine.problem.answer == theirs.problem.answer.replace(",", "")
    assert seen(pools) == seen(ours)
    right = {
        system: sum(p.candidates[i].correct for p in pools) / len(pools)
        for i, system in enumerate(SYSTEMS)
    }
    assert {s: round(100 * share, 2) for s, share in right.items()} == dict(
        zip(SYSTEMS, (21.68, 39.04, 34.72, 56.25), strict=True)
    )


def test_rewardmath_gathers_the_solutions_of_a_problem(lab_data):
    rows = [
        {
            "problem": "q", "answer": "1600", "eval_solution": ["Add.", f"So {value}."],
            "solution_reference": who, "solution_type": kind, "problem_id": 7, "id": i,
        }
        for i, (value, who, kind) in enumerate(
            [(1600, "human", "chosen"), (1602, "gpt", "rejected"), (1190, "gemma", "rejected")]
        )
    ]  # fmt: skip
    place("pools/rewardmath/data/test-00000-of-00001.parquet", rows)
    (pool,) = load_pools("rewardmath")
    assert pool.problem.id == "rewardmath-7"
    assert pool.problem.answer == "1600"
    assert [c.correct for c in pool.candidates] == [True, False, False]
    assert pool.candidates[1].text == "Add.\n\nSo 1602."
    assert pool.candidates[2].source == "gemma"


def test_processbench(lab_data):
    row = {
        "id": "gsm8k-0", "generator": "Qwen2-7B", "problem": "q", "steps": ["One.", "Two."],
        "final_answer_correct": False, "label": 1,
    }  # fmt: skip
    place("pools/processbench/gsm8k.json", [row, {**row, "id": "gsm8k-1", "generator": "Llama"}])
    for name in ("math", "olympiadbench", "omnimath"):
        other = {**row, "id": f"{name}-0", "problem": name, "final_answer_correct": True}
        place(f"pools/processbench/{name}.json", [other])
    pools = load_pools("processbench")
    assert [len(pool) for pool in pools] == [2, 1, 1, 1]
    assert [pool.problem.id for pool in pools][:2] == [
        "processbench-gsm8k-0",
        "processbench-math-0",
    ]
    assert seen(pools)[0] == [("One.\n\nTwo.", False)] * 2
    assert seen(pools)[1] == [("One.\n\nTwo.", True)]


def test_prm800k_leaves_correctness_to_the_answers(lab_data):
    def row(problem, steps, answer):
        question = {
            "problem": problem, "ground_truth_solution": "...", "ground_truth_answer": "40,000",
            "pre_generated_steps": steps, "pre_generated_answer": answer,
            "pre_generated_verifier_score": 0.25,
        }  # fmt: skip
        return {"labeler": "x", "question": question, "label": {"finish_reason": "found_error"}}

    rows = [row("q", ["a", "b"], "320"), row("r", ["c"], "1"), row("q", ["a", "b"], "320")]
    place("pools/prm800k/phase2_test.jsonl", [*rows, row("q", ["d"], "40,000")])
    pools = load_pools("prm800k")
    assert [p.problem.id for p in pools] == ["prm800k-0", "prm800k-1"]
    assert seen(pools) == [[("a\n\nb", None), ("d", None)], [("c", None)]]
    assert pools[0].candidates[1].answer == "40,000"
    assert pools[0].candidates[0].score == 0.25


def test_jetts(lab_data):
    row = {
        "query": "q",
        "responses": [
            {"content": "x", "metadata": {"score": 1.0}},
            {"content": "y", "metadata": {"score": 0}},
            {"content": "z", "metadata": {"score": 0.5}},
            {"content": "w"},
        ],
    }
    place("pools/jetts/reranking_and_refinement/gsm8k_Qwen2.5-72B-Instruct.jsonl", [row, row])
    pools = load_pools("jetts")
    assert seen(pools)[0] == [("x", True), ("y", False), ("z", None), ("w", None)]
    assert [p.problem.id for p in pools] == [
        "gsm8k_Qwen2.5-72B-Instruct-0", "gsm8k_Qwen2.5-72B-Instruct-1",
    ]  # fmt: skip


def test_pairjudge_432k_is_for_training(lab_data):
    place("pools/pairjudge-432k/combined_training_data.json", [{"prompt": "p"}])
    with pytest.raises(UserError, match="holds judgments to train on, no pools; train on it with"):
        load_pools("pairjudge-432k")
