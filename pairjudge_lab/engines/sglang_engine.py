"""Text from SGLang's engine in this process.

Written against SGLang's documented offline engine (``sglang.Engine`` with ``async_generate``). It
needs a GPU and was not run on one: its requests and the reading of its answers are tested on a
stand-in of that engine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pairjudge_lab.engines.contract import Completion, Request, request_seed
from pairjudge_lab.engines.label_probabilities import labels_from_tokens
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.prompts import Prompt, PromptEncoder
from pairjudge_lab.engines.reasoning import split_reasoning
from pairjudge_lab.engines.sources import Readable, find_source
from pairjudge_lab.engines.weights_on_disk import check_files
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

LIKELIEST = 20


def open_sglang(spec: str, options: ModelOptions) -> SGLangEngine:
    """A model in SGLang.

    Raises
    ------
    UserError
        When the model is not there, is not whole, or SGLang cannot run it.
    """
    import sglang
    from transformers import AutoTokenizer

    source = find_source(spec, options)
    if "gguf_file" not in source.where:
        check_files(source)
    window = options.context_window or GenerationConfig().context_window
    settings: dict[str, Any] = {} if options.dtype == "auto" else {"dtype": options.dtype}
    if options.quantisation != "none":
        settings["quantization"] = options.quantisation
    with Readable(spec):
        tokenizer = AutoTokenizer.from_pretrained(
            source.address, **source.where, trust_remote_code=options.trust_remote_code
        )
        model = sglang.Engine(
            model_path=source.address,
            revision=source.where.get("revision"),
            context_length=window,
            tp_size=options.tensor_parallel,
            mem_fraction_static=options.memory_share,
            trust_remote_code=options.trust_remote_code,
            random_seed=options.seed,
            **settings,
        )
    return SGLangEngine(source.name, model, tokenizer, source.weights, window, options)


class SGLangEngine:
    """Generates text with SGLang.

    Parameters
    ----------
    name : str
    model : sglang.Engine
        Anything with ``async_generate``.
    tokenizer : transformers tokenizer
    weights : str
        Digest of everything that was loaded.
    window : int
        The most tokens of prompt and answer together.
    options : ModelOptions
    """

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        weights: str,
        window: int,
        options: ModelOptions,
    ) -> None:
        self.name = name
        self.model = model
        self.encoder = PromptEncoder(name, tokenizer, window)
        self._rows = options.batch_size or 256
        self._identity = {
            "engine": "sglang",
            "weights": weights,
            "dtype": options.dtype,
            "quantization": options.quantisation,
        }

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    @property
    def capacity(self) -> int:
        return 2 * self._rows

    @property
    def control_strings(self) -> Iterable[str]:
        return self.encoder.control_strings

    def session(self, config: GenerationConfig) -> _Session:
        """Requests in SGLang's scheduler.

        Raises
        ------
        UserError
            For label-only answers, which this engine does not begin.
        """
        if config.label_only:
            raise UserError("label-only answers run in transformers, vLLM or a server, not SGLang")
        return _Session(self, config)


class _Session:
    def __init__(self, engine: SGLangEngine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[asyncio.Task[Completion], str] = {}
        self._refused: list[tuple[str, Completion]] = []

    def submit(self, ticket: str, request: Request) -> None:
        prompt = self._engine.encoder.encode(request, self._config)
        if prompt.refusal:
            self._refused.append(
                (ticket, Completion.failed(prompt.refusal, len(prompt.ids), refused=True))
            )
        else:
            self._tasks[self._loop.create_task(self._answer(request, prompt))] = ticket

    def collect(self) -> list[tuple[str, Completion]]:
        if self._refused:
            refused, self._refused = self._refused, []
            return refused
        first = asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        done, _ = self._loop.run_until_complete(first)
        return [(self._tasks.pop(task), task.result()) for task in done]

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            ended = asyncio.gather(*self._tasks, return_exceptions=True)
            self._loop.run_until_complete(ended)
        self._tasks.clear()
        self._loop.close()

    async def _answer(self, request: Request, prompt: Prompt) -> Completion:
        config, began = self._config, time.perf_counter()
        sampling: dict[str, Any] = {
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_new_tokens": prompt.limit,
            "stop": list(config.stop) or None,
            "no_stop_trim": True,
        }
        if config.temperature > 0:
            first, second = request_seed(config, request)
            sampling["sampling_seed"] = (first * 1_000_003 + second) % 2**31
        wanted = config.label_probabilities or config.mean_logprob
        told = await self._engine.model.async_generate(
            input_ids=list(prompt.ids),
            sampling_params=sampling,
            return_logprob=wanted,
            top_logprobs_num=LIKELIEST if config.label_probabilities else 0,
            return_text_in_logprobs=wanted,
        )
        facts = told["meta_info"]
        parts = split_reasoning(told["text"], begun=prompt.thinking)
        own = facts.get("output_token_logprobs") or []
        top = facts.get("output_top_logprobs") or [[] for _ in own]
        tokens = [
            (str(text), {str(t): float(p) for p, _, t in (*others, (logprob, 0, text))})
            for (logprob, _, text), others in zip(own, top, strict=False)
        ]
        ended = (facts.get("finish_reason") or {}).get("type")
        logs = [float(logprob) for logprob, _, _ in own]
        return Completion(
            parts.answer,
            parts.reasoning,
            "stop" if ended == "stop" else "length",
            prompt_tokens=len(prompt.ids),
            cached_tokens=int(facts.get("cached_tokens") or 0),
            completion_tokens=int(facts.get("completion_tokens") or 0),
            seconds=time.perf_counter() - began,
            labels=labels_from_tokens(tokens, request.labels) if config.label_probabilities else (),
            mean_logprob=sum(logs) / len(logs) if config.mean_logprob and logs else None,
        )
