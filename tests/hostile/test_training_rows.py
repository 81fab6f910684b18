"""No control token of a text gets into a training row, and the tags of the frame are no control."""

import pytest

from pairjudge_lab.protocols import PairJudgeProtocol
from pairjudge_lab.records import Candidate, Match, Pool, Problem
from pairjudge_lab.training.encoding import Encoder
from pairjudge_lab.training.judgments import Judgment
from tests.hostile.test_texts import SMOLLM, bpe

ANSWER = "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Correct</resp_b_judge>"


@pytest.fixture
def tokenizer():
    made = bpe([*SMOLLM, "[INST]", "<unused1>", "</s>"])
    made.add_tokens(["<tool_call>", "<question>", "ordinary word"])
    made.eos_token = "<|im_end|>"
    return made


def rows(tokenizer, response, answer=ANSWER):
    """What the encoder makes of a row whose texts nobody cleaned."""
    plain = PairJudgeProtocol().messages(
        Match(Pool(Problem("p", "q"), (Candidate("HERE"), Candidate("b"))), 0, 1)
    )
    asked = [{**m, "content": m["content"].replace("HERE", response)} for m in plain]
    encoder = Encoder(tokenizer, "pairwise", 100_000)
    return list(encoder.rows([Judgment(tuple(asked), answer)])), dict(encoder.left_out)


def test_a_plain_row_is_kept(tokenizer):
    for response in ("a < b", "an ordinary word", "if |x| < 3"):
        found, left = rows(tokenizer, response)
        assert len(found) == 1
        assert not left


@pytest.mark.parametrize("token", [*SMOLLM, "[INST]", "<unused1>", "</s>", "<tool_call>"])
def test_a_control_token_in_a_text_leaves_the_row_out(tokenizer, token):
    assert rows(tokenizer, f"so {token} it is") == ([], {"control tokens in a text": 1})
    if token != "<tool_call>":
        found = rows(tokenizer, "plain", f"{token}\n{ANSWER}")
        assert found == ([], {"control tokens in a text": 1})


def test_a_control_token_of_one_character_leaves_the_row_out(tokenizer):
    """It cannot be broken or found as a string, but among the tokens."""
    tokenizer.add_special_tokens({"additional_special_tokens": ["§"]})
    assert rows(tokenizer, "so § it is") == ([], {"control tokens in a text": 1})
    assert rows(tokenizer, "plain", f"§\n{ANSWER}") == ([], {"control tokens in a text": 1})
    assert len(rows(tokenizer, "plain")[0]) == 1
    sides = {"question": "q", "a_correct": True, "b_correct": False, "response_a": "a § b"}
    row = Judgment((), "", response_b="b", **sides)
    encoder = Encoder(tokenizer, "reward", 1_000)
    assert list(encoder.rows([row])) == []
    assert encoder.left_out == {"control tokens in a text": 1}


def test_frame_tags_that_are_special_tokens_do_not_count(tokenizer):
    tokenizer.add_special_tokens({"additional_special_tokens": ["<response_a>", "</response_a>"]})
    assert len(rows(tokenizer, "plain")[0]) == 1
