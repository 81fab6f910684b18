"""How likely a text was, and how sure the model: log-probabilities and self-certainty."""

import math

import numpy as np
import pytest
import torch

from pairjudge_lab import GenerationConfig, ModelOptions, load_engine, load_problems
from pairjudge_lab.engines.choosing import scores_of
from pairjudge_lab.engines.contract import generate
from pairjudge_lab.engines.running import Running
from pairjudge_lab.sampling import SolutionPrompt
from pairjudge_lab.sampling.prompt import FAMILIES

WARM = GenerationConfig(temperature=0.8, max_new_tokens=120, mean_logprob=True)


def engine_of(rows):
    return load_engine("tiny-solver", ModelOptions(batch_size=rows))


def requests_for(engine, count=8):
    prompt = SolutionPrompt(FAMILIES["tiny-solver"], reserved=engine.control_strings)
    problems = load_problems("embedded", limit=count)
    return [prompt.request(problem.question, i) for i, problem in enumerate(problems)]


def test_by_hand():
    """Of p = (1/2, 1/4, 1/8, 1/8): -1/4 (ln 2 + ln 1 + ln 1/2 + ln 1/2) = ln(2) / 4. A uniform
    distribution has none, and a shift of all logits changes nothing."""
    logits = torch.tensor([[0.5, 0.25, 0.125, 0.125], [1.0, 1.0, 1.0, 1.0]]).log() + 3
    found = scores_of(logits, torch.tensor([1, 2]))
    assert found[0] == pytest.approx([math.log(0.25), math.log(2) / 4])
    assert found[1] == pytest.approx([math.log(0.25), 0.0], abs=1e-6)


def test_one_pass_over_the_finished_text_says_the_same():
    """A second route: every token's distribution from one forward pass, and torch's own divergence
    of the uniform distribution from it, at temperature 1 although 0.8 was sampled at."""
    engine = engine_of(4)
    requests = requests_for(engine)
    for request, done in zip(requests, generate(engine, requests, WARM), strict=True):
        prompt = engine.encoder.encode(request, WARM)
        written = engine.tokenizer(done.text, add_special_tokens=False).input_ids
        assert done.finish == "stop"
        assert len(written) == done.completion_tokens, "the token that ends it is no part of it"
        ids = torch.tensor([[*prompt.ids, *written]])
        with torch.inference_mode():
            logs = engine.model(input_ids=ids).logits[0, len(prompt.ids) - 1 : -1].log_softmax(-1)
        uniform = torch.full_like(logs, 1 / logs.shape[-1])
        divergence = torch.nn.functional.kl_div(logs, uniform, reduction="batchmean").item()
        own = logs[torch.arange(len(written)), torch.tensor(written)].mean().item()
        assert done.self_certainty == pytest.approx(divergence, rel=1e-4)
        assert done.mean_logprob == pytest.approx(own, abs=1e-4)


def test_the_batch_changes_nothing():
    alone, together = (generate(e, requests_for(e), WARM) for e in map(engine_of, (1, 8)))
    assert [c.text for c in alone] == [c.text for c in together]
    for one, other in zip(alone, together, strict=True):
        assert one.self_certainty == pytest.approx(other.self_certainty, rel=1e-5)
        assert one.mean_logprob == pytest.approx(other.mean_logprob, abs=1e-5)
    assert len({round(c.self_certainty, 3) for c in alone}) > 4, "they differ from each other"


def test_only_what_is_asked_for_is_told():
    engine = engine_of(4)
    (plain,) = generate(engine, requests_for(engine, 1), GenerationConfig(max_new_tokens=5))
    assert plain.self_certainty is None
    assert plain.mean_logprob is None


def test_tokens_that_the_model_did_not_choose_do_not_count():
    """A budget of reasoning is closed by tokens that are forced; they say nothing of the model."""
    engine = engine_of(1)
    (request,) = requests_for(engine, 1)
    config = GenerationConfig(max_new_tokens=12, mean_logprob=True)
    prompt = engine.encoder.encode(request, config)
    row = Running("t", request, prompt)
    for token, scores in ((5, (-1.0, 2.0)), (6, None), (7, (-3.0, 4.0))):
        if scores:
            row.score(*scores)
        row.add(token, "x")
    done = row.completion("xxx", "length", 0.0)
    assert (done.mean_logprob, done.self_certainty) == (-2.0, 3.0)
    assert done.completion_tokens == 3


def test_a_token_without_any_probability_leaves_certainty_unknown():
    """Logits of minus infinity make the divergence infinite, which no table should hold."""
    logits = torch.tensor([[0.0, 0.0, -math.inf]])
    (scores,) = scores_of(logits, torch.tensor([0]))
    assert scores[0] == pytest.approx(math.log(0.5))
    assert np.isinf(scores[1])
    engine = engine_of(1)
    (request,) = requests_for(engine, 1)
    row = Running("t", request, engine.encoder.encode(request, WARM))
    row.score(*scores)
    done = row.completion("x", "stop", 0.0)
    assert done.self_certainty is None
    assert done.mean_logprob == pytest.approx(math.log(0.5))
