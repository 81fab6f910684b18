"""A judge on this machine: any causal language model of transformers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pairjudge_lab.judges.decoding import Completion, Decoder
from pairjudge_lab.judges.memory import free_memory
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.protocols import JudgeProtocol
from pairjudge_lab.records import Match, Status, UserError, Verdict

EXPECTED_TOKENS = 512
"""Room for an answer that batches are planned with; longer answers are met by shrinking."""


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
        self._decoder = Decoder(model, tokenizer, protocol.stop)
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
        verdicts: list[Verdict | None] = [None] * len(matches)
        prompts = [self._prompt(match) for match in matches]
        todo = []
        for place, prompt in enumerate(prompts):
            if self._speaks_as_template(prompt):
                reason = "a text holds control tokens of the model, and was not shown to it"
                verdicts[place] = Verdict(Status.FAILED, reason=reason)
            elif self.protocol.max_new_tokens(len(prompt), self._window) <= 0:
                reason = (
                    f"the prompt of {len(prompt)} tokens does not fit the window of {self._window}"
                )
                verdicts[place] = Verdict(Status.FAILED, reason=reason, prompt_tokens=len(prompt))
            else:
                todo.append(place)
        todo.sort(key=lambda place: len(prompts[place]))
        while todo:
            # The longest first: if memory runs out, it does so at once.
            batch = self._fill_batch([len(prompts[place]) for place in reversed(todo)])
            places = todo[-batch:]
            try:
                done = self._write([matches[p] for p in places], [prompts[p] for p in places])
            except (MemoryError, RuntimeError) as problem:
                if not _is_out_of_memory(problem):
                    raise
                if batch == 1:
                    raise UserError(
                        f"one match of {len(prompts[places[0]])} prompt tokens does not fit in "
                        "memory; use a smaller model, a quantised one, or a larger machine"
                    ) from None
                self._rows = max(1, batch // 2)
                self._release()
                continue
            del todo[-batch:]
            for place, verdict in zip(places, done, strict=True):
                verdicts[place] = verdict
        return [v for v in verdicts if v is not None]

    def _fill_batch(self, lengths: Sequence[int]) -> int:
        """How many of the prompts, longest first, make one batch."""
        each = lengths[0] + min(EXPECTED_TOKENS, self._window)
        return max(1, min(len(lengths), self._rows, self._tokens // each))

    def _write(self, matches: Sequence[Match], prompts: Sequence[list[int]]) -> list[Verdict]:
        import time

        clock = time.perf_counter()
        temperature = self.options.temperature
        completions = self._decoder.write(
            prompts,
            [self.protocol.max_new_tokens(len(prompt), self._window) for prompt in prompts],
            temperature=temperature,
            seeds=[self._seed(match) for match in matches] if temperature > 0 else (),
        )
        seconds = (time.perf_counter() - clock) / len(matches)
        return [
            self._read(completion, len(prompt), seconds)
            for completion, prompt in zip(completions, prompts, strict=True)
        ]

    def _read(self, completion: Completion, prompt_tokens: int, seconds: float) -> Verdict:
        verdict = self.protocol.read(completion.text, cut_off=completion.cut_off)
        return replace(
            verdict,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion.tokens,
            seconds=seconds,
        )

    def _prompt(self, match: Match) -> list[int]:
        messages = self.protocol.messages(match)
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def _speaks_as_template(self, prompt: list[int]) -> bool:
        """Whether a prompt holds more control tokens than the frame alone, whatever let them in."""
        if self._frame is None:
            from pairjudge_lab.records import Candidate, Pool, Problem

            plain = Pool(Problem("", "1"), (Candidate("1"), Candidate("2")))
            self._frame = self._count_special(self._prompt(Match(plain, 0, 1)))
        return self._count_special(prompt) > self._frame

    def _count_special(self, ids: Sequence[int]) -> int:
        return sum(i in self._special for i in ids)

    def _seed(self, match: Match) -> list[int]:
        parts = [match.question, match.response_a, match.response_b, match.repetition]
        digest = hashlib.sha256(json.dumps(parts).encode()).digest()
        return [self.options.seed, int.from_bytes(digest[:8], "big")]

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
