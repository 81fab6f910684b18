"""Label-only answers: the answer is begun up to a label, the likelier label taken, and so on.

Nothing else is written; what a judge would have reasoned is left out. Of equally likely labels the
later one is taken.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.label_probabilities import likeliest
from pairjudge_lab.engines.prompts import Prompt
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from pairjudge_lab.engines.transformers_engine import TransformersEngine


def fill_labels(
    engine: TransformersEngine, batch: Sequence[tuple[str, Request, Prompt]]
) -> list[tuple[str, Completion]]:
    """Complete a batch of requests whose labels are the same.

    Raises
    ------
    UserError
        When a request has no labels.
    """
    began = time.perf_counter()
    labels = batch[0][1].labels
    if not labels:
        raise UserError("a label-only answer needs a protocol that says where its labels stand")

    def encode(text: str) -> list[int]:
        return list(engine.tokenizer(text, add_special_tokens=False).input_ids)

    texts = [""] * len(batch)
    shares: list[list[tuple[float, ...]]] = [[] for _ in batch]
    rows, cached = None, 0
    for number, label in enumerate(labels):
        # The label that was taken, and what leads to the next.
        before = labels[number - 1].words
        added = [encode((before[likeliest(s[-1])] if s else "") + label.lead) for s in shares]
        if rows is None:
            prompts = [
                [*prompt.ids, *more] for (_, _, prompt), more in zip(batch, added, strict=True)
            ]
            rows, cached = engine.reader.read(prompts)
        else:
            rows = engine.reader.extend(rows, added)
        for row, share in enumerate(engine.label_reader.read(label, rows.logits)):
            shares[row].append(share)
            texts[row] += label.lead + label.words[likeliest(share)]
    broken = Completion.failed("the model's logits are no numbers")
    seconds = (time.perf_counter() - began) / len(batch)
    return [
        (
            ticket,
            Completion(
                text + request.close,
                prompt_tokens=len(prompt.ids),
                cached_tokens=cached,
                seconds=seconds,
                labels=tuple(share),
            )
            if all(math.isfinite(value) for one in share for value in one)
            else broken,
        )
        for (ticket, request, prompt), text, share in zip(batch, texts, shares, strict=True)
    ]
