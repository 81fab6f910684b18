"""A judge in a vLLM engine in this process: continuous batching, prefixes read once."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pairjudge_lab.judges.opening import choose_protocol, find_source, model_template
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.protocols import conversations, protocol, read_answers
from pairjudge_lab.protocols.control_strings import control_tokens
from pairjudge_lab.protocols.labels import soft_labels
from pairjudge_lab.records import Match, Status, Verdict


class VLLMJudge:
    """Judges matches with vLLM's offline engine.

    Args:
        name: what the judge is called in tables.
        spec: what the user asked for.
        path: of a model on this machine; None loads ``spec`` from the hub.
        options: how it is run; ``soft`` asks the engine for the labels' probabilities.

    Raises:
        UserError: when vLLM is not installed, or the model is not there.
    """

    def __init__(self, name: str, spec: str, path: Path | None, options: ModelOptions) -> None:
        from vllm import LLM

        source = find_source(spec, path, options)
        settings: dict[str, Any] = {"revision": source.where.get("revision")}
        if options.dtype != "auto":
            settings["dtype"] = options.dtype
        if options.quantisation != "none":
            settings["quantization"] = "bitsandbytes"
        self.name = name
        self.options = options
        self._weights = source.weights
        self._window = 4096
        self._engine = LLM(
            model=source.address,
            max_model_len=self._fit(source.address),
            enable_prefix_caching=True,
            trust_remote_code=options.trust_remote_code,
            seed=options.seed,
            **settings,
        )
        self.tokenizer = self._engine.get_tokenizer()
        chosen = choose_protocol(path, options, spec)
        reserved = control_tokens(self.tokenizer)
        self.protocol = protocol(chosen, model_template(path, options, chosen), reserved)

    def _fit(self, address: str) -> int:
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(address).get_text_config()
        self._window = min(4096, getattr(config, "max_position_embeddings", None) or 4096)
        return self._window

    @property
    def identity(self) -> Mapping[str, Any]:
        decoding: dict[str, Any] = {"temperature": self.options.temperature}
        if self.options.temperature > 0:
            decoding["seed"] = self.options.seed
        return {
            "name": self.name,
            "engine": "vllm",
            "protocol": self.protocol.name,
            "template": self.protocol.template.digest,
            "weights": self._weights,
            "dtype": self.options.dtype,
            "quantisation": self.options.quantisation,
            "decoding": decoding,
            "window": self._window,
        }

    @property
    def capacity(self) -> int:
        return self.options.batch_size or 1024

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Judge matches; the engine schedules them as it sees fit."""
        asked = [
            [self._encode(messages) for messages in conversations(self.protocol, match)]
            for match in matches
        ]
        fits = [all(self._limit(prompt) > 0 for prompt in prompts) for prompts in asked]
        requests = [
            (prompt, match.repetition)
            for match, prompts, ok in zip(matches, asked, fits, strict=True)
            if ok
            for prompt in prompts
        ]
        clock = time.perf_counter()
        outputs = iter(self._write(requests))
        seconds = (time.perf_counter() - clock) / max(1, len(matches))
        verdicts = []
        for prompts, ok in zip(asked, fits, strict=True):
            tokens = sum(map(len, prompts))
            if not ok:
                reason = f"the prompt of {tokens} tokens does not fit the window of {self._window}"
                verdicts.append(Verdict(Status.FAILED, reason=reason, prompt_tokens=tokens))
                continue
            written = [next(outputs) for _ in prompts]
            verdict = read_answers(
                self.protocol, [(w.text, w.finish_reason == "length") for w in written]
            )
            soft: tuple[float | None, float | None] = (None, None)
            if self.options.soft and verdict.status is Status.PARSED:
                soft = soft_labels([share for w in written for share in self._shares(w)])
            verdicts.append(
                replace(
                    verdict,
                    prompt_tokens=tokens,
                    completion_tokens=sum(len(w.token_ids) for w in written),
                    seconds=seconds,
                    a_probability=soft[0],
                    b_probability=soft[1],
                )
            )
        return verdicts

    def _write(self, requests: Sequence[tuple[list[int], int]]) -> list[Any]:
        from vllm import SamplingParams

        temperature = self.options.temperature
        settings = [
            SamplingParams(
                temperature=temperature,
                top_p=1.0,
                max_tokens=self._limit(prompt),
                stop=list(self.protocol.stop) or None,
                include_stop_str_in_output=True,
                logprobs=20 if self.options.soft else None,
                seed=self.options.seed * 100_003 + repetition if temperature > 0 else None,
            )
            for prompt, repetition in requests
        ]
        if not requests:
            return []
        prompts = [{"prompt_token_ids": prompt} for prompt, _ in requests]
        found = self._engine.generate(prompts, settings, use_tqdm=False)
        return [answer.outputs[0] for answer in found]

    def _shares(self, written: Any) -> list[tuple[float, ...] | None]:
        """The words' probabilities at the last place of each cue."""
        found: list[tuple[float, ...] | None] = [None] * len(self.protocol.cues)
        text = ""
        for token, told in zip(written.token_ids, written.logprobs or (), strict=False):
            for number, cue in enumerate(self.protocol.cues):
                if text.endswith(cue.after):
                    weights = {
                        self.tokenizer.decode([other]): math.exp(one.logprob)
                        for other, one in told.items()
                    }
                    found[number] = cue.shares(weights)
            text += self.tokenizer.decode([token])
        return found

    def _limit(self, prompt: Sequence[int]) -> int:
        return self.protocol.max_new_tokens(len(prompt), self._window)

    def _encode(self, messages: list[dict[str, str]]) -> list[int]:
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)
