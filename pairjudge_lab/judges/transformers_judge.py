"""A judge on this machine: any causal language model of transformers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pairjudge_lab.judges.continuous import ContinuousDecoder
from pairjudge_lab.judges.decoding import Completion, Decoder
from pairjudge_lab.judges.memory import free_memory
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.protocols import AsksApart, JudgeProtocol, conversations, read_answers
from pairjudge_lab.protocols.labels import soft_labels
from pairjudge_lab.records import Match, Status, UserError, Verdict

EXPECTED_TOKENS = 512
"""Room for an answer that batches are planned with; longer answers are met by shrinking."""
MOST_KNOWN = 200_000
"""Answers of a critic kept in memory, so that a response is read once and not once a match."""


NOTHING = Completion("", 0, False)


@dataclass(frozen=True, slots=True)
class _Request:
    """One prompt, and what seeds its sampling."""

    prompt: list[int]
    seed: list[int]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one request: a completion, or why none was asked for."""

    prompt_tokens: int
    completion: Completion = NOTHING
    seconds: float = 0.0
    failure: str = ""


class TransformersJudge:
    """Judges matches with a causal language model.

    Args:
        name: what the judge is called in tables.
        model: the loaded model, in evaluation mode.
        tokenizer: its tokenizer, with a chat template.
        protocol: how it is asked and read.
        weights: digest or revision of the weights, part of the identity.
        options: how it is run.

    Raises:
        UserError: when the tokenizer has no chat template.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        protocol: JudgeProtocol,
        weights: str,
        options: ModelOptions,
    ) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise UserError(f"{name} has no chat template, so it cannot be asked; use a chat model")
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.protocol = protocol
        self.options = options
        self._weights = weights
        decoder = ContinuousDecoder if options.continuous else Decoder
        self._decoder = decoder(model, tokenizer, protocol.stop, protocol.cues)
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], _Answer] = {}
        # Some families write no reasons: their next word is the verdict.
        self._begun = options.fast or getattr(protocol, "begun", False)
        self._special = set(tokenizer.all_special_ids)
        self._frame: int | None = None
        room = getattr(model.config, "max_position_embeddings", None) or 4096
        self._window = min(4096, room)
        self._tokens = options.batch_tokens or self._budget()
        self._rows = options.batch_size or (256 if model.device.type == "cuda" else 64)

    @property
    def identity(self) -> Mapping[str, Any]:
        decoding: dict[str, Any] = {"temperature": self.options.temperature}
        if self.options.temperature > 0:
            decoding["seed"] = self.options.seed
        if self._begun:
            decoding["fast"] = True
        return {
            "name": self.name,
            "protocol": self.protocol.name,
            "template": self.protocol.template.digest,
            "weights": self._weights,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "quantisation": self.options.quantisation,
            "decoding": decoding,
            "window": self._window,
        }

    @property
    def capacity(self) -> int:
        return self._rows

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Judge matches in batches of like length; verdicts in the order of the matches.

        When memory runs out a batch is halved, and the smaller size is kept from there on.

        Raises:
            UserError: when not even one match fits in memory.
        """
        # What is asked about every match, and the places of those requests among all.
        requests: list[_Request] = []
        places: list[list[int]] = []
        known: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        for match in matches:
            here = []
            for messages in conversations(self.protocol, match):
                prompt, seed = self._encode(messages), self._seed(messages, match.repetition)
                key = (tuple(prompt), tuple(seed))
                # Of a critic that is asked about one response at a time, most requests are repeats.
                if key not in known:
                    known[key] = len(requests)
                    requests.append(_Request(prompt, seed))
                here.append(known[key])
            places.append(here)
        answers = self._answer(requests)
        return [self._verdict([answers[place] for place in here]) for here in places]

    def _answer(self, requests: Sequence[_Request]) -> list[_Answer]:
        answers: list[_Answer | None] = [None] * len(requests)
        todo = []
        for place, request in enumerate(requests):
            length = len(request.prompt)
            known = self._known.get((tuple(request.prompt), tuple(request.seed)))
            if known is not None:
                answers[place] = known
            elif self._speaks_as_template(request.prompt):
                reason = "a text holds control tokens of the model, and was not shown to it"
                answers[place] = _Answer(0, failure=reason)
            elif self._limit(length) <= 0:
                reason = f"the prompt of {length} tokens does not fit the window of {self._window}"
                answers[place] = _Answer(length, failure=reason)
            else:
                todo.append(place)
        todo.sort(key=lambda place: len(requests[place].prompt))
        while todo:
            # The longest first: if memory runs out, it does so at once.
            batch = self._fill_batch([len(requests[place].prompt) for place in reversed(todo)])
            places = todo[-batch:]
            try:
                done = self._write([requests[place] for place in places])
            except (MemoryError, RuntimeError) as problem:
                if not _is_out_of_memory(problem):
                    raise
                if batch == 1:
                    raise UserError(
                        f"one match of {len(requests[places[0]].prompt)} prompt tokens does not "
                        "fit in memory; use a smaller model, a quantised one, or a larger machine"
                    ) from None
                self._rows = max(1, batch // 2)
                self._release()
                continue
            del todo[-batch:]
            for place, answer in zip(places, done, strict=True):
                answers[place] = answer
                if isinstance(self.protocol, AsksApart) and len(self._known) < MOST_KNOWN:
                    request = requests[place]
                    self._known[tuple(request.prompt), tuple(request.seed)] = answer
        return [answer for answer in answers if answer is not None]

    def _verdict(self, answers: Sequence[_Answer]) -> Verdict:
        spent = {
            "prompt_tokens": sum(answer.prompt_tokens for answer in answers),
            "completion_tokens": sum(answer.completion.tokens for answer in answers),
            "seconds": sum(answer.seconds for answer in answers),
        }
        for answer in answers:
            if answer.failure:
                return Verdict(Status.FAILED, reason=answer.failure, **spent)  # type: ignore[arg-type]
        written = [answer.completion for answer in answers]
        verdict = read_answers(self.protocol, [(w.text, w.cut_off) for w in written])
        a, b = soft_labels([share for w in written for share in w.shares])
        if verdict.status is not Status.PARSED:
            a = b = None
        return replace(verdict, a_probability=a, b_probability=b, **spent)  # type: ignore[arg-type]

    def _fill_batch(self, lengths: Sequence[int]) -> int:
        """How many of the prompts, longest first, make one batch."""
        each = lengths[0] + (0 if self._begun else min(EXPECTED_TOKENS, self._window))
        return max(1, min(len(lengths), self._rows, self._tokens // each))

    def _write(self, requests: Sequence[_Request]) -> list[_Answer]:
        import time

        clock = time.perf_counter()
        prompts = [request.prompt for request in requests]
        if self._begun:
            completions = self._decoder.fill(prompts, self.protocol.close)
        else:
            temperature = self.options.temperature
            completions = self._decoder.write(
                prompts,
                [self._limit(len(prompt)) for prompt in prompts],
                temperature=temperature,
                seeds=[request.seed for request in requests] if temperature > 0 else (),
            )
        seconds = (time.perf_counter() - clock) / len(requests)
        return [
            _Answer(len(prompt), completion, seconds)
            for prompt, completion in zip(prompts, completions, strict=True)
        ]

    def _limit(self, prompt_tokens: int) -> int:
        return self.protocol.max_new_tokens(prompt_tokens, self._window)

    def _encode(self, messages: list[dict[str, str]]) -> list[int]:
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def _speaks_as_template(self, prompt: list[int]) -> bool:
        """Whether a prompt holds more control tokens than the frame alone, whatever let them in."""
        if self._frame is None:
            from pairjudge_lab.records import Candidate, Pool, Problem

            plain = Match(Pool(Problem("", "1"), (Candidate("1"), Candidate("2"))), 0, 1)
            first = conversations(self.protocol, plain)[0]
            self._frame = self._count_special(self._encode(first))
        return self._count_special(prompt) > self._frame

    def _count_special(self, ids: Sequence[int]) -> int:
        return sum(i in self._special for i in ids)

    def _seed(self, messages: list[dict[str, str]], repetition: int) -> list[int]:
        """What seeds a request's sampling; nothing where there is none."""
        if self.options.temperature == 0:
            return []
        parts = json.dumps([messages, repetition]).encode()
        return [self.options.seed, int.from_bytes(hashlib.sha256(parts).digest()[:8], "big")]

    def _budget(self) -> int:
        """Tokens whose keys and values fill half of the free memory."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        # A cache that grows is held twice while it is copied.
        each = 2 * 2 * config.num_hidden_layers * heads * size * self.model.dtype.itemsize
        return max(4096, int(0.5 * free_memory(self.model.device.type) / each))

    def _release(self) -> None:
        import gc

        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _is_out_of_memory(problem: BaseException) -> bool:
    import torch

    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(problem)
    return "out of memory" in text or "can't allocate memory" in text
