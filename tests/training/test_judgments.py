"""Judgments read from the layouts that are common, streamed, with clear errors."""

import json
import tracemalloc

import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.training.judgments import Judgment, read_folder, read_hub, read_judgments

ASKED = (
    "Judge. <question>\n1 + 1?\n</question> <response_a>2</response_a> <response_b>3</response_b>"
)
SAID = "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
USER = {"role": "user", "content": ASKED}
LAYOUTS = {
    "messages": {"messages": [SYSTEM, USER, {"role": "assistant", "content": SAID}]},
    "conversations": {
        "conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": SAID}]
    },
    "conversations, other keys": {"conversations": [USER, {"role": "assistant", "content": SAID}]},
    "prompt and completion": {"prompt": ASKED, "completion": SAID},
    "prompt and response": {"prompt": ASKED, "response": SAID},
    "messages on both sides": {
        "prompt": [SYSTEM, USER], "completion": [{"role": "assistant", "content": SAID}]
    },
    "instruction and output": {"instruction": ASKED, "input": "", "output": SAID},
    "instruction, input, output": {"instruction": "Judge.", "input": ASKED, "output": SAID},
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("form", ["array", "lines"])
def test_common_layouts_are_found(name, form, tmp_path):
    path = tmp_path / "rows.json"
    rows = [LAYOUTS[name]] * 3
    text = json.dumps(rows) if form == "array" else "\n".join(map(json.dumps, rows)) + "\n\n"
    path.write_text(text)
    found = list(read_judgments(path))
    assert len(found) == 3
    assert found[0].completion == SAID
    assert found[0].prompt[-1]["content"].endswith(ASKED)
    assert (found[0].question, found[0].response_a, found[0].response_b) == ("1 + 1?", "2", "3")
    system = [m for m in found[0].prompt if m["role"] == "system"]
    assert system == ([SYSTEM] if "messages" in name else [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "holds no rows"),
        ("", "holds no rows"),
        ('[{"text": "abc"}]', 'the first row is {"text": "abc"}'),
        ('["abc"]', 'the first row is "abc"'),
        ('{"prompt": "x"}', 'the first row is {"prompt": "x"}'),
        ('[{"prompt": "x", "completion": "y"}, {"prompt": "x"}]', "row 2: not like the first"),
        ('[{"prompt": "x", "completion": " "}]', "row 1: not like the first"),
        ('[{"messages": [{"role": "user", "content": "x"}]}]', "row 1"),
        ('[{"messages": [{"role": "tool", "content": "x"}]}]', "row 1"),
        ('[{"prompt": "x", "completion": "y"}, {', "not sound JSON"),
        ('{"prompt": "x", "completion": "y"}\n{nonsense}', "line 2: not JSON"),
    ],
)
def test_what_is_none_of_them_is_refused_with_the_row(text, message, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        list(read_judgments(path))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        list(read_judgments(tmp_path / "none.json"))
    with pytest.raises(UserError, match=r"no train\.jsonl"):
        list(read_folder(tmp_path))


def test_what_the_lab_writes_it_reads_back(tmp_path):
    row = Judgment(
        (SYSTEM, USER), SAID, "p1", "1 + 1?", "2", "3", 0, 4, a_correct=True, b_correct=False
    )
    (tmp_path / "train.jsonl").write_text(json.dumps(row.to_row()) + "\n")
    assert list(read_folder(tmp_path)) == [row]


def test_a_dataset_of_the_hub_is_streamed(tmp_path):
    """The same call reads a folder on this machine, which is how it is tested without the hub."""
    rows = [LAYOUTS["conversations"]] * 4
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [row.completion for row in read_hub(str(tmp_path))] == [SAID] * 4
    with pytest.raises(UserError, match="cannot read the dataset"):
        list(read_hub(str(tmp_path / "nothing")))


@pytest.mark.parametrize("form", ["array", "lines"])
def test_memory_does_not_grow_with_the_file(form, tmp_path):
    """On 8 and on 32 MB; ``benchmarks/reading.py`` does it on 3.45 GB."""
    row = json.dumps({"prompt": ASKED + "x" * 8000, "completion": SAID})

    def peak(count):
        path = tmp_path / f"{count}.json"
        between, ends = (",", "[]") if form == "array" else ("\n", ("", ""))
        path.write_text(ends[0] + between.join([row] * count) + ends[1])
        tracemalloc.start()
        assert sum(1 for _ in read_judgments(path)) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(4000) < 1.2 * peak(1000) < 4e6
