"""Judgments as tokens: what the loss is taken on, and what is left out and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.rendering import ChatTemplate, EndlessTemplateError
from pairjudge_lab.files.notes import read_note
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.protocols import PointwiseProtocol
from pairjudge_lab.protocols.control_strings import (
    PromptCheck,
    control_tokens,
    controls_by_id,
)
from pairjudge_lab.protocols.pairjudge import TAGS
from pairjudge_lab.protocols.sanitizer import PromptSanitizer
from pairjudge_lab.records import UserError
from pairjudge_lab.training.judgments import Judgment

if TYPE_CHECKING:
    from datasets import Dataset

KINDS = ("pairwise", "pointwise", "reward")
"""A pairwise judge, a pointwise critic, a Bradley-Terry reward model."""

Row = dict[str, Any]


def encode_chat(
    template: ChatTemplate, prompt: Iterable[Mapping[str, str]], answer: str
) -> tuple[list[int], list[int]]:
    """Token ids of a prompt and of the answer, which ends as the chat template ends a turn.

    Raises
    ------
    UserError
        When the template fails, does not end, or does not show a text of the prompt.
    """
    asked = tuple((message["role"], message["content"]) for message in prompt)
    head = template.render(asked)
    try:
        whole = template.render((*asked, ("assistant", answer)), answered=True)
    except EndlessTemplateError:
        raise
    except UserError:
        # Templates of models that think take the answer's reasoning apart.
        whole = ""
    # Some rewrite earlier turns once there is an answer.
    end = template.tokenizer.eos_token
    tail = whole[len(head) :].rstrip() if whole.startswith(head) else answer + end
    ids = template.tokenizer([head, tail], add_special_tokens=False).input_ids
    return list(ids[0]), list(ids[1])


class Encoder:
    """Turns judgments into rows of token ids, and counts what it leaves out.

    Parameters
    ----------
    tokenizer
        With a chat template.
    kind : str
        One of ``KINDS``.
    max_length : int
        Tokens; a longer row is left out whole, since half a judgment teaches nothing.
    critiques : mapping or None
        For a pointwise critic, the critique of every (question, response).
    critic : PointwiseProtocol or None
        For a pointwise critic, how it is asked.

    Attributes
    ----------
    left_out : mapping
        How many rows were left out, by reason.

    Raises
    ------
    UserError
        When there is no chat template, or one that is not sound.
    """

    def __init__(
        self,
        tokenizer: Any,
        kind: str,
        max_length: int,
        critiques: dict[tuple[str, str], str] | None = None,
        critic: PointwiseProtocol | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.template = ChatTemplate(
            getattr(tokenizer, "name_or_path", "") or "this model", tokenizer
        )
        self.kind = kind
        self.max_length = max_length
        self.critiques = critiques or {}
        self.critic = critic or PointwiseProtocol()
        self.left_out: Counter[str] = Counter()
        # A prompt holds the tags of its frame, and an answer may think aloud.
        tags = PromptSanitizer((*TAGS, "response", "resp_judge"))
        tokens = {t for t in control_tokens(tokenizer) if tags.clean(t) == t}
        self._prompt = PromptSanitizer((), tokens)
        self._answer = PromptSanitizer((), control_tokens(tokenizer, markup=False))
        self._controls = [
            number
            for number, token in controls_by_id(tokenizer, markup=False).items()
            if tags.clean(token) == token
        ]
        self._checks: dict[tuple[str, ...], PromptCheck] = {}

    def rows(self, judgments: Iterable[Judgment]) -> Iterator[Row]:
        """The rows of each judgment: ``ids`` and how many of the last are the ``answer``; for a
        reward model the ids of the right response and of the ``rival``.

        Raises
        ------
        UserError
            When the rows do not say what this kind of judge is trained on.
        """
        encode = {
            "pairwise": self._pairwise,
            "pointwise": self._pointwise,
            "reward": self._reward,
        }[self.kind]
        for judgment in judgments:
            yield from encode(judgment)

    def _pairwise(self, judgment: Judgment) -> Iterator[Row]:
        yield from self._row(judgment.prompt, judgment.completion)

    def _pointwise(self, judgment: Judgment) -> Iterator[Row]:
        question, a, b = self._pair(judgment)
        for response in (a, b):
            critique = self.critiques.get((question, response))
            if critique is None:
                self.left_out["no critique of the response"] += 1
            else:
                yield from self._row(self.critic.ask(question, response), critique)

    def _reward(self, judgment: Judgment) -> Iterator[Row]:
        question, a, b = self._pair(judgment)
        if judgment.a_correct is None or judgment.b_correct is None:
            raise UserError(
                "a reward model is trained on pairs whose truth is known, and these rows have no "
                "a_correct and b_correct; use judgments made by 'pairjudge-lab annotate'"
            )
        if judgment.a_correct == judgment.b_correct:
            self.left_out["both responses right, or both wrong"] += 1
            return
        right, wrong = (a, b) if judgment.a_correct else (b, a)
        asked = [{"role": "user", "content": question}]
        sides = []
        for response in (right, wrong):
            found = self._encoded(asked, response)
            if found is None:
                return
            sides.append([*found[0], *found[1]])
        if any(self._prompt.clean(text) != text for text in (question, a, b)):
            self.left_out["control tokens in a text"] += 1
        elif max(map(len, sides)) > self.max_length:
            self.left_out[f"longer than {self.max_length} tokens"] += 1
        else:
            yield {"ids": sides[0], "rival": sides[1], "length": max(map(len, sides))}

    def _pair(self, judgment: Judgment) -> tuple[str, str, str]:
        if None in (judgment.question, judgment.response_a, judgment.response_b):
            raise UserError(
                f"a {self.kind} rival is trained on the responses themselves, and these rows do "
                "not say what was judged; use judgments made by 'pairjudge-lab annotate'"
            )
        return str(judgment.question), str(judgment.response_a), str(judgment.response_b)

    def _row(self, prompt: Iterable[dict[str, str]], answer: str) -> Iterator[Row]:
        asked = list(prompt)
        texts = [m["content"] for m in asked]
        clean = [self._answer.clean(answer), *map(self._prompt.clean, texts)]
        if clean != [answer, *texts]:
            self.left_out["control tokens in a text"] += 1
            return
        found = self._encoded(asked, answer)
        if found is None:
            return
        head, tail = found
        if len(head) + len(tail) > self.max_length:
            self.left_out[f"longer than {self.max_length} tokens"] += 1
            return
        yield {"ids": [*head, *tail], "answer": len(tail), "length": len(head) + len(tail)}

    def _encoded(
        self, asked: Iterable[Mapping[str, str]], answer: str
    ) -> tuple[list[int], list[int]] | None:
        """The prompt and the answer as tokens; None, and counted, where a text is not shown."""
        messages = list(asked)
        try:
            found = encode_chat(self.template, messages, answer)
        except EndlessTemplateError:
            raise
        except UserError:
            self.left_out["not shown whole by the chat template"] += 1
            return None
        roles = tuple(message["role"] for message in messages)
        if roles not in self._checks:
            plain = [{"role": role, "content": f"Sq{i} plain"} for i, role in enumerate(roles)]
            head, tail = encode_chat(self.template, plain, "Xz plain answer")
            ids = [*head, *tail]
            self._checks[roles] = PromptCheck.of(self.tokenizer, ids, self._controls)
        if self._checks[roles].intruders([*found[0], *found[1]]):
            self.left_out["control tokens in a text"] += 1
            return None
        return found


def encoded(
    encoder: Encoder, judgments: Iterable[Judgment], path: Path, signature: dict[str, Any]
) -> tuple[Dataset, dict[str, int]]:
    """The rows as a dataset on disk, made once: memory does not grow with it.

    Parameters
    ----------
    path : Path
        Of the Arrow file; beside it stand the signature and what was left out.
    signature : mapping
        What the rows depend on; a file made for another is made again.

    Raises
    ------
    UserError
        When no row is left.
    """
    from datasets import Dataset
    from datasets.arrow_writer import ArrowWriter

    note = path.with_suffix(".json")
    if path.exists() and note.exists():
        told = read_note(note, {"signature": dict, "left_out": dict})
        if told["signature"] == signature:
            return Dataset.from_file(str(path)), told["left_out"]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    count = 0
    writer = ArrowWriter(path=str(partial))
    for row in encoder.rows(judgments):
        writer.write(row)
        count += 1
    if not count:
        why = ", ".join(f"{n} {reason}" for reason, n in encoder.left_out.items()) or "none came"
        raise UserError(f"there is no row to train on: {why}")
    writer.finalize()
    partial.replace(path)
    write_whole(note, json.dumps({"signature": signature, "left_out": dict(encoder.left_out)}))
    return Dataset.from_file(str(path)), dict(encoder.left_out)


def collate(rows: list[Row], pad: int) -> dict[str, Any]:
    """A batch, padded on the left, so that the answers stand together at its end.

    ``labels`` cover the end alone, and ``logits_to_keep`` is its width: the head that turns states
    into logits is computed where the loss is taken and nowhere else.
    """
    import torch

    width = max(len(row["ids"]) for row in rows)
    end = max(row["answer"] for row in rows) + 1
    ids = torch.full((len(rows), width), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full((len(rows), end), -100, dtype=torch.long)
    for place, row in enumerate(rows):
        begin = width - len(row["ids"])
        ids[place, begin:] = torch.tensor(row["ids"])
        mask[place, begin:] = 1
        labels[place, end - row["answer"] :] = torch.tensor(row["ids"][-row["answer"] :])
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "position_ids": (mask.cumsum(-1) - 1).clamp(min=0),
        "labels": labels,
        "logits_to_keep": end,
    }


def collate_pairs(rows: list[Row], pad: int) -> dict[str, Any]:
    """A batch for a reward model: the right responses, then their rivals, padded on the right."""
    import torch

    sides = [row["ids"] for row in rows] + [row["rival"] for row in rows]
    width = max(map(len, sides))
    ids = torch.full((len(sides), width), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, side in enumerate(sides):
        ids[place, : len(side)] = torch.tensor(side)
        mask[place, : len(side)] = 1
    return {"input_ids": ids, "attention_mask": mask}


class Sorted:
    """Places of rows in an order that is random and wastes little on padding.

    Each epoch is a permutation; within every fifty global batches rows are sorted by length and cut
    into device batches, which are then shuffled. The order depends on the seed and the epoch, and
    not on how many devices share the work.

    Parameters
    ----------
    lengths : list of int
        Of the rows.
    device_batch : int
        Rows a device takes at once.
    batch : int
        Rows of one step of the optimiser.
    seed : int
        Of the order.
    """

    def __init__(self, lengths: list[int], device_batch: int, batch: int, seed: int) -> None:
        self._lengths, self._device, self._batch, self._seed = lengths, device_batch, batch, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        import numpy as np

        rng = np.random.default_rng([self._seed, self.epoch])
        order = rng.permutation(len(self._lengths)).tolist()
        chunk = 50 * self._batch
        for begin in range(0, len(order), chunk):
            some = sorted(order[begin : begin + chunk], key=lambda i: self._lengths[i])
            full = len(some) - len(some) % self._device
            batches = [some[i : i + self._device] for i in range(0, full, self._device)]
            for place in rng.permutation(len(batches)):
                yield from batches[place]
            yield from some[full:]
