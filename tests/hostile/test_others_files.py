"""Other tools' files that contradict themselves, or whose words mean something else than ours."""

import json

import pytest

from pairjudge_lab import UserError, load_problems, load_verdicts, pools_from


def written(path, told):
    path.write_text(json.dumps(told))
    return path


def rated(*scores):
    return {
        "model": "g", "id": [str(i) for i in range(len(scores))], "subset": ["Math"] * len(scores),
        "num_correct": [1] * len(scores), "scores": list(scores), "results": [0.5] * len(scores),
    }  # fmt: skip


def test_a_rating_that_rewardbench_could_not_read_is_no_score(tmp_path):
    """It writes -1 for it, among ratings from 1 to 10; a reward model's -1.0 is a score."""
    table = load_verdicts(written(tmp_path / "r.json", rated([-1, -1, 3], [5, -1, 7], [7, 5, 5])))
    assert table["verdict"].tolist() == ["invalid", "invalid", "invalid", "B", "A", "A"]
    scores = rated([-1.0, -2.5, 0.5], [0.25, -1.0, 0.25])
    table = load_verdicts(written(tmp_path / "s.json", scores))
    assert table["verdict"].tolist() == ["A", "B", "A", "tie"]


def test_results_that_contradict_their_scores(tmp_path):
    told = {
        "model": "m", "text_chosen": ["a"], "text_rejected": ["b"],
        "scores_chosen": [5], "scores_rejected": [1],
    }  # fmt: skip
    assert len(load_verdicts(written(tmp_path / "r.json", {**told, "results": [1]}))) == 1
    with pytest.raises(UserError, match="its scores say otherwise"):
        load_verdicts(written(tmp_path / "r.json", {**told, "results": [0]}))


def judged(pair, *decisions, model="gpt", judge="arena"):
    judgments = [
        None if said is None else {"judgment": {"judge_model": model}, "decision": said}
        for said in decisions
    ]
    return {"pair_id": pair, "label": "A>B", "judge_name": judge, "judgments": judgments}


def test_pairs_without_a_judgment_belong_to_their_judge(tmp_path):
    path = tmp_path / "output.jsonl"
    rows = [judged("1", None, None), judged("2", "A>B", "B>A"), judged("3", None, "A>B")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = load_verdicts(path, layout="judgebench")
    assert table["judge"].unique().tolist() == ["arena/gpt"]
    assert (table["verdict"] == "invalid").sum() == 3
    path.write_text(path.read_text() + json.dumps(judged("4", "A>B", "B>A", model="other")) + "\n")
    with pytest.raises(UserError, match="judgments of gpt, other"):
        load_verdicts(path, layout="judgebench")


def inspected(path, **sample):
    scores = {sample.pop("scorer", "choice"): sample.pop("score")}
    whole = {"id": "1", "epoch": 1, "scores": scores, **sample}
    return load_verdicts(written(path, {"eval": {"model": "m"}, "samples": [whole]}))


def test_the_problems_answer_is_no_gold(tmp_path):
    """Of a model-graded comparison, ``target`` is what the problem's answer is: 1 is not A."""
    score = {"value": "B", "explanation": "x"}
    (row,) = inspected(
        tmp_path / "i.json", target="1", score=score, scorer="model_graded_qa"
    ).to_dict("records")
    assert (row["verdict"], row["gold"]) == ("B", None)


@pytest.mark.parametrize("shown", [("x", "y"), ("y", "x")])
def test_shuffled_choices_stand_as_they_were_shown(tmp_path, shown):
    """inspect_ai turns the answer back to the log's own order: A is x, whichever was first."""
    said = f"Choices were shuffled before this:\n\nA) {shown[0]}\nB) {shown[1]}\nANSWER: A"
    score = {"value": "C", "answer": "A", "explanation": said}
    (row,) = inspected(tmp_path / "i.json", target="A", choices=["x", "y"], score=score).to_dict(
        "records"
    )
    found = (row["response_a"], row["response_b"], row["verdict"], row["gold"])
    assert found == (("A", "B", "A", "A") if shown == ("x", "y") else ("B", "A", "B", "B"))
    with pytest.raises(UserError, match="which was shown first is not told"):
        inspected(
            tmp_path / "i.json", target="A", choices=["other", "texts"], score=score
        )  # fmt: skip


def test_an_answer_a_target_and_a_grade_that_contradict_each_other(tmp_path):
    with pytest.raises(UserError, match="contradict each other"):
        inspected(
            tmp_path / "i.json", target="B", choices=["x", "y"], score={"value": "C", "answer": "A"}
        )


def test_events_belong_to_their_own_run(tmp_path):
    events = [{"spec": {"eval_name": f"e{run}", "run_id": f"r{run}"}} for run in (1, 2)]
    events += [
        {"run_id": f"r{run}", "sample_id": f"s{i}", "type": "metrics", "data": {"choice": "Yes"}}
        for i in range(2)
        for run in (1, 2)
    ]
    path = tmp_path / "evals.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert load_verdicts(path, layout="openai-evals")["judge"].tolist() == ["e1", "e2", "e1", "e2"]


@pytest.mark.parametrize("answer", [["5"], {"value": 5}])
def test_a_reference_answer_is_a_text_or_a_number(answer):
    with pytest.raises(UserError, match="answer is a text or a number"):
        load_problems([{"problem": "q", "answer": answer}])
    with pytest.raises(UserError, match="answer is a text or a number"):
        pools_from([{"problem": "q", "text": "t", "answer": answer}] * 2)
    preference = {"prompt": "q", "chosen": "a", "rejected": "b", "answer": answer}
    with pytest.raises(UserError, match="answer is a text or a number"):
        pools_from([preference])


def test_columns_are_obeyed_where_a_layout_would_be_recognised(tmp_path):
    row = judged("1", "A>B", "B>A") | {"first": "0", "second": "1", "said": "B"}
    path = tmp_path / "v.jsonl"
    path.write_text(json.dumps(row) + "\n")
    columns = {
        "problem_id": "pair_id", "response_a": "first", "response_b": "second", "verdict": "said",
    }  # fmt: skip
    assert load_verdicts(path, columns=columns)["verdict"].tolist() == ["B"]
    with pytest.raises(UserError, match="and not both"):
        load_verdicts(path, columns=columns, layout="judgebench")
