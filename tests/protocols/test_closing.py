"""Only the closing lines of an answer are a judgment."""

import pytest

from pairjudge_lab.protocols import AsksApart, is_finished, protocol, read_answers
from pairjudge_lab.records import Status

FORMS = {
    "pairjudge": "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>",
    "pointwise": "<resp_judge>Correct</resp_judge>",
    "mt-bench": "[[A]]",
    "rrm": r"\boxed{Assistant 1}",
}
QUOTED = {
    "a fence": "The form is\n```\n{}\n```\n",
    "a fence that is not closed": "The form is\n```text\n{}",
    "a longer fence": "````\n```\n{}",
    "a fence of tildes": "~~~\n{}",
    "quotation marks": 'I would write "{}" here.',
    "an open quotation": 'I was told to write "{}',
    "a quotation begun before": 'He says "all is right:\n{}',
    "curly marks": "The form \u201c{}\u201d is asked for.",
    "open curly marks": "The form \u201c{}",
    "guillemets": "The form \u00ab{}",
    "single quotes": "The form '{}",
    "backticks": "The form `{}` is asked for.",
    "an open backtick": "The form `{}",
    "a quoted line": "They say\n> {}",
    "thinking": "<think>So {}</think>\nI do not know.",
    "thinking that has not ended": "<think>\nSo {}",
    "thinking begun by the template": "So {}\n</think>\nI do not know.",
    "thinking in brackets": "[THINK]{}[/THINK]",
    "a channel for analysis": "<|channel|>analysis<|message|>So {}",
    "a comment": "<!-- {} -->",
    "an open comment": "<!-- {}",
    "an example": "<example>\n{}\n</example>",
    "an open example": "<example>\n{}",
    "withdrawn": "{}\nNo: that is wrong, I take it back.",
    "withdrawn on its line": "{} - wait, no.",
}


def read(name, text, cut_off=False):
    asked = protocol(name)
    return read_answers(asked, [(text, cut_off)] * (2 if isinstance(asked, AsksApart) else 1))


@pytest.mark.parametrize("where", QUOTED)
@pytest.mark.parametrize("name", FORMS)
def test_a_quoted_or_withdrawn_form_is_no_verdict(name, where):
    text = QUOTED[where].replace("{}", FORMS[name])
    assert read(name, text).outcome == "invalid"
    assert read(name, text, cut_off=True).status is Status.TRUNCATED
    assert not is_finished(protocol(name), text)


@pytest.mark.parametrize("name", FORMS)
def test_what_the_final_channel_says_is_read(name):
    begun = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>"
    assert read(name, f"{begun}{FORMS[name]}").status is Status.PARSED


@pytest.mark.parametrize("where", QUOTED)
@pytest.mark.parametrize("name", ["pairjudge", "pointwise"])
def test_generation_goes_on_behind_a_quoted_stop_string(name, where):
    asked = protocol(name)
    (stop,) = asked.generation.stop
    text = QUOTED[where].replace("{}", FORMS[name])
    until = text[: text.index(stop) + len(stop)]
    if "withdrawn" not in where and "template" not in where:
        assert not is_finished(asked, until)
        assert read(name, until).status is Status.TRUNCATED
        assert read(name, until.removesuffix(stop)).status is Status.TRUNCATED


@pytest.mark.parametrize("where", ["a fence", "quotation marks", "backticks", "thinking"])
@pytest.mark.parametrize("name", FORMS)
def test_the_judgment_behind_a_quoted_one_is_read(name, where):
    text = QUOTED[where].replace("{}", FORMS[name]) + "\n\nWell then.\n" + FORMS[name]
    assert is_finished(protocol(name), text)
    assert read(name, text).status is Status.PARSED


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "frame",
    [
        "{}", "Checked.\n{}\n", "Verdict: {}", "**{}**", "Checked. {}.", "5\" pipes.\n\n{}",
        'He says "no".\n{}', "```\nx = 1\n```\n{}", "`x` is 1.\n{}", "<think>hm</think>\n{}",
        "hm</think>\n{}", "It's so, and isn't else.\n{}", "a < b > c\n{}",
    ],
)  # fmt: skip
def test_what_closes_an_answer_is_read(name, frame):
    text = frame.replace("{}", FORMS[name])
    assert read(name, text).status is Status.PARSED, text


@pytest.mark.parametrize("name", ["pairjudge", "pointwise"])
def test_the_closing_tag_may_be_gone(name):
    (stop,) = protocol(name).generation.stop
    text = "Checked.\n" + FORMS[name].removesuffix(stop)
    assert read(name, text).status is Status.PARSED
    assert is_finished(protocol(name), text + stop)
    assert read(name, text, cut_off=True).status is Status.TRUNCATED


def test_the_second_label_may_be_named():
    text = (
        "Response A: <resp_a_judge>Correct</resp_a_judge>\n"
        "Response B: <resp_b_judge>Correct</resp_b_judge>"
    )
    assert read("pairjudge", text).outcome == "tie"
    told = text.replace("\n", ", no, that is not so.\n")
    assert read("pairjudge", told).status is Status.UNPARSED


def test_a_stop_string_without_a_judgment_ends_nothing():
    asked = protocol("pairjudge")
    assert not is_finished(asked, "I am to close with </resp_b_judge>")
    assert not is_finished(asked, asked.template.text.split("Write out")[1])


def test_a_protocol_of_ones_own_stops_at_its_stop_strings():
    class Own:
        stop = ("END",)

    assert is_finished(Own(), "whatever END")
