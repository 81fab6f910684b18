"""A model that runs out of memory in the middle of a batch."""

import pytest
import torch

from pairjudge_lab import ModelOptions, UserError, load_judge


class Tight:
    """A model that has memory for a few rows only."""

    def __init__(self, model, rows):
        self._model, self._rows = model, rows
        self.sizes = []

    def __getattr__(self, name):
        return getattr(self._model, name)

    def forward(self, *args, **more):
        return self._model.forward(*args, **more)

    def __call__(self, *, input_ids, cache=None, **more):
        self.sizes.append(len(input_ids))
        if len(input_ids) > self._rows:
            raise torch.OutOfMemoryError("out of memory")
        return self._model(input_ids=input_ids, cache=cache, **more)


def test_a_batch_shrinks_when_memory_runs_out(matches):
    judge = load_judge("tiny", ModelOptions(batch_size=32))
    plain = [v.text for v in judge.judge(matches[:24])]
    tight = Tight(judge.engine.model, 5)
    judge.engine.reader.model = tight
    assert [v.text for v in judge.judge(matches[:24])] == plain
    assert max(tight.sizes) > 5
    assert judge.capacity <= 5, "the smaller size is kept"
    judge.engine.reader.model = Tight(judge.engine.model, 0)
    with pytest.raises(UserError, match="does not fit in memory"):
        judge.judge(matches[:2])


def test_label_only_answers_shrink_too(matches):
    judge = load_judge("tiny", ModelOptions(batch_size=32, fast=True))
    plain = [v.a_probability for v in judge.judge(matches[:24])]
    judge.engine.reader.model = Tight(judge.engine.model, 5)
    assert [v.a_probability for v in judge.judge(matches[:24])] == pytest.approx(plain, abs=1e-5)


def test_other_errors_are_not_taken_for_memory(matches):
    judge = load_judge("tiny")

    class Broken(Tight):
        def __call__(self, **more):
            raise RuntimeError("shapes do not fit")

    judge.engine.reader.model = Broken(judge.engine.model, 1)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        judge.judge(matches[:2])
