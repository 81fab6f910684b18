"""Rows that leave and join the running batch keep their own keys and values."""

import numpy as np
import pytest
import torch

from pairjudge_lab import load_judge
from pairjudge_lab.engines.key_values import Reader, join, keep


@pytest.fixture(scope="module")
def engine():
    return load_judge("tiny").engine


def prompts(rng, count, longest):
    return [
        [int(token) for token in rng.integers(5, 200, size=rng.integers(3, longest))]
        for _ in range(count)
    ]


def alone(engine, tokens):
    """The model's logits after a row of tokens that is run on its own."""
    with torch.inference_mode():
        return engine.model(input_ids=torch.tensor([tokens])).logits[0, -1]


@pytest.mark.parametrize("seed", range(6))
def test_rows_come_and_go_and_say_what_they_say_alone(engine, seed):
    """Random steps, leaves and joins; every row's logits are those of the row run alone."""
    rng = np.random.default_rng(seed)
    reader = Reader(engine.model, pad=0)
    texts = prompts(rng, 7, 40)
    rows, _ = reader.read(texts)
    for _ in range(12):
        move = rng.integers(3)
        if move == 0 and len(texts) > 1:
            stay = sorted(rng.choice(len(texts), size=rng.integers(1, len(texts)), replace=False))
            rows, order = keep(rows, [int(place) for place in stay])
            assert sorted(order) == stay
            texts = [texts[place] for place in order]
        elif move == 1:
            new = prompts(rng, int(rng.integers(1, 4)), 60)
            rows = join(rows, range(len(texts)), reader.read(new)[0])
            texts += new
        else:
            tokens = rng.integers(5, 200, size=len(texts))
            rows = reader.step(rows, torch.tensor(tokens))
            texts = [[*text, int(token)] for text, token in zip(texts, tokens, strict=True)]
        for place, text in enumerate(texts):
            torch.testing.assert_close(rows.logits[place], alone(engine, text), atol=2e-4, rtol=0)
