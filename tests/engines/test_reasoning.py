"""Models that think before they answer: told apart, counted, and held to a budget."""

import shutil

import pytest

from pairjudge_lab import ModelOptions, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.contract import Request
from pairjudge_lab.engines.prompts import Prompt
from pairjudge_lab.engines.reasoning import Parts, begins_thinking, split_reasoning
from pairjudge_lab.engines.running import Running
from pairjudge_lab.records import Status

STOP = ("</b>",)


@pytest.mark.parametrize(
    ("text", "begun", "parts"),
    [
        ("plain", None, Parts("", "plain")),
        ("<think>a\nb</think>\n\nc", None, Parts("a\nb", "c")),
        ("\n<think>a</think>c", None, Parts("a", "c")),
        ("<think>a", None, Parts("a", "", closed=False)),
        ("a</think>c", None, Parts("a", "c")),
        ("a</think>c", True, Parts("a", "c")),
        ("a", True, Parts("a", "", closed=False)),
        ("a</think>c", False, Parts("", "a</think>c")),
        ("say <think>a</think>", None, Parts("", "say <think>a</think>")),
        ("<think>a</think>b<think>c</think>", None, Parts("a", "b<think>c</think>")),
    ],
)
def test_reasoning_and_answer(text, begun, parts):
    assert split_reasoning(text, begun=begun) == parts


def test_a_template_may_open_the_reasoning():
    assert begins_thinking("<|im_start|>assistant\n<think>\n")
    assert not begins_thinking("<think>x</think>")


def write(text, *, thinking=False, finished=None, size=3):
    """A row that is written in pieces, until a stop string ends it."""
    row = Running("t", Request((("user", "q"),), finished=finished), Prompt((1, 2), 99, thinking))
    so_far = []
    for place in range(0, len(text), size):
        so_far.append(text[place : place + size])
        row.add(place, so_far[-1])
        if row.stops(STOP, lambda: "".join(so_far)):
            break
    return row, "".join(so_far)


def test_tokens_of_reasoning_are_counted():
    row, text = write("<think>abcdef</think>xyz")
    done = row.completion(text, "stop", 1.0)
    assert (done.reasoning, done.text) == ("abcdef", "xyz")
    assert done.completion_tokens == 8
    assert done.reasoning_tokens == 7, "the tags are part of it"
    plain, text = write("<thing> xyz")
    assert plain.completion(text, "stop", 1.0).reasoning_tokens == 0


def test_no_stop_string_ends_the_reasoning():
    _, text = write("<think>they write </b> here</think> and </b> tail")
    assert text.startswith("<think>they write </b> here</think> and </b>")
    assert "tail" not in text
    begun, text = write("quoted </b> still</think>x</b> tail", thinking=True)
    assert text.endswith(("</b>", "</b> "))
    assert begun.completion(text, "stop", 1.0).reasoning == "quoted </b> still"


def test_a_quoted_stop_string_is_written_over():
    _, text = write("as in '</b>' ... done</b> tail", finished=lambda t: "done" in t)
    assert "done</b>" in text
    assert "tail" not in text


def test_a_budget_closes_the_reasoning(tmp_path):
    """A small judge whose template opens a part for thinking: it is closed after five tokens."""
    folder = shutil.copytree(data_path("tiny-judge"), tmp_path / "thinker")
    template = folder / "chat_template.jinja"
    opened = "assistant\n<think>\n{% endif %}"
    template.write_text(template.read_text().replace("assistant\n{% endif %}", opened))
    assert opened in template.read_text()
    pool = prepare(load_pools(limit=1)[0].first(3))
    matches = all_ordered_pairs(pool)
    free = load_judge(str(folder), ModelOptions(max_new_tokens=9)).judge(matches)
    assert {v.status for v in free} == {Status.TRUNCATED}, "it thinks until its limit"
    assert all(v.reasoning and v.reasoning_tokens == 9 for v in free)
    held = load_judge(str(folder), ModelOptions(max_new_tokens=200, thinking_budget=5))
    verdicts = held.judge(matches)
    closing = held.engine.tokenizer("\n</think>\n\n", add_special_tokens=False).input_ids
    for verdict in verdicts:
        assert verdict.reasoning_tokens <= 5 + len(closing)
        assert verdict.text
        assert verdict.text != verdict.reasoning


def test_thinking_switches_of_chat_templates(tmp_path):
    folder = shutil.copytree(data_path("tiny-judge"), tmp_path / "switch")
    template = folder / "chat_template.jinja"
    template.write_text(
        template.read_text()
        + "{% if enable_thinking is defined %}[{{ enable_thinking }}]{% endif %}"
    )
    judge = load_judge(str(folder))
    messages = (("user", "q"),)
    ends = {
        value: judge.engine.encoder.template.render(messages, value)[-7:]
        for value in (None, True, False)
    }
    assert ends[True].endswith("[True]")
    assert ends[False].endswith("[False]")
    assert not ends[None].endswith("]")
    on = load_judge(str(folder), ModelOptions(thinking=True))
    off = load_judge(str(folder), ModelOptions(thinking=False))
    assert on.identity != off.identity != judge.identity
