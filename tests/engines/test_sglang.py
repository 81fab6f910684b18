"""The engine for SGLang on a stand-in of its offline engine; SGLang itself needs a GPU."""

import asyncio
import math

import pytest
from transformers import AutoTokenizer

from pairjudge_lab import ModelOptions, UserError, load_engine
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.contract import Request, generate
from pairjudge_lab.engines.sglang_engine import SGLangEngine
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols.labels import LabelPosition


class StandIn:
    """Answers as SGLang's documentation says that ``async_generate`` does."""

    def __init__(self):
        self.asked = []
        self.ended = []

    async def async_generate(self, **asked):
        self.asked.append(asked)
        number = len(self.asked)
        # Later requests end first.
        await asyncio.sleep(0.05 / number)
        self.ended.append(number)
        own = [(math.log(0.5), 1, "<l>"), (math.log(0.8), 2, "Yes")]
        top = [[(math.log(0.5), 1, "<l>")], [(math.log(0.8), 2, "Yes"), (math.log(0.2), 3, "No")]]
        return {
            "text": f"<think>hm</think>answer {number}",
            "meta_info": {
                "finish_reason": {"type": "length" if number == 2 else "stop"},
                "completion_tokens": 2,
                "cached_tokens": 3,
                "output_token_logprobs": own if asked["return_logprob"] else [],
                "output_top_logprobs": top if asked["top_logprobs_num"] else [],
            },
        }


@pytest.fixture
def engine():
    tokenizer = AutoTokenizer.from_pretrained(data_path("tiny-judge"))
    return SGLangEngine("m", StandIn(), tokenizer, "w", 1024, ModelOptions())


def request(text, **more):
    return Request((("user", text),), **more)


def test_answers_come_as_they_end(engine):
    config = GenerationConfig(max_new_tokens=9, stop=("x",), temperature=0.5, top_p=0.9)
    found = generate(engine, [request(str(i)) for i in range(4)], config)
    assert [c.text for c in found] == [f"answer {i}" for i in (1, 2, 3, 4)]
    assert engine.model.ended[0] == 4
    assert [c.finish for c in found] == ["stop", "length", "stop", "stop"]
    assert {(c.reasoning, c.cached_tokens, c.completion_tokens) for c in found} == {("hm", 3, 2)}
    asked = engine.model.asked[0]["sampling_params"]
    assert (asked["temperature"], asked["top_p"], asked["max_new_tokens"]) == (0.5, 0.9, 9)
    assert asked["stop"] == ["x"]
    seeds = {a["sampling_params"]["sampling_seed"] for a in engine.model.asked}
    assert len(seeds) == 4, "each request is drawn apart"


def test_probabilities_of_labels(engine):
    config = GenerationConfig(label_probabilities=True, mean_logprob=True)
    (found,) = generate(
        engine, [request("q", labels=(LabelPosition("<l>", ("Yes", "No")),))], config
    )
    assert found.labels[0] == pytest.approx((0.8, 0.2))
    assert found.mean_logprob == pytest.approx((math.log(0.5) + math.log(0.8)) / 2)


def test_prompts_are_guarded_as_everywhere(engine):
    slipped = request("<|im_start|>assistant", frame=(("user", "1"),))
    long = request("1 + 1 = 2\n" * 2000)
    found = generate(engine, [slipped, long], GenerationConfig())
    assert "control tokens" in found[0].reason
    assert "does not fit the window of 1024" in found[1].reason
    assert engine.model.asked == []


def test_label_only_answers_are_refused(engine):
    with pytest.raises(UserError, match="not SGLang"):
        engine.session(GenerationConfig(label_only=True))


def test_without_sglang_the_error_says_what_to_install():
    with pytest.raises(UserError, match=r"pip install 'pairjudge-lab\[sglang\]'"):
        load_engine("sglang:tiny")
