"""Text from vLLM's engine in this process: its scheduler is stepped, so that every answer is given
back as it ends, and prefixes that prompts share are read once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pairjudge_lab.engines.contract import Completion, Finish, Request, request_seed
from pairjudge_lab.engines.label_probabilities import labels_from_tokens, likeliest
from pairjudge_lab.engines.loading import choose_dtype
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.prompts import Prompt, PromptEncoder
from pairjudge_lab.engines.reasoning import split_reasoning
from pairjudge_lab.engines.sources import Readable, find_source
from pairjudge_lab.engines.weights_on_disk import check_files
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

LIKELIEST = 20
"""Alternatives asked for at each token where probabilities of labels are wanted."""

QUANTIZATIONS = {"8bit": "bitsandbytes", "4bit": "bitsandbytes"}
"""vLLM's name for a way to hold weights, where it is not ours."""


def open_vllm(spec: str, options: ModelOptions) -> VLLMEngine:
    """A model in vLLM.

    Raises
    ------
    UserError
        When the model is not there, is not whole, or vLLM cannot run it.
    """
    if options.batch_invariant:
        # Read when vLLM is imported, so it must be there before.
        os.environ["VLLM_BATCH_INVARIANT"] = "1"
    from transformers import AutoConfig
    from vllm import LLM

    source = find_source(spec, options)
    code = options.trust_remote_code
    with Readable(spec):
        config = AutoConfig.from_pretrained(
            source.address, **source.where, trust_remote_code=code
        ).get_text_config()
    longest = getattr(config, "max_position_embeddings", None) or 4096
    window = min(options.context_window or GenerationConfig().context_window, longest)
    settings: dict[str, Any] = {"revision": source.where.get("revision")}
    if "gguf_file" in source.where:
        raise UserError(f"vLLM reads no GGUF file here; name {spec} without vllm:")
    check_files(source)
    from vllm.platforms import current_platform

    if options.dtype == "auto" and current_platform.is_cpu():
        # vLLM would take the checkpoint's own, and most processors are slow in half precision.
        dtype = choose_dtype(options, "cpu", source.parameters)
        options = replace(options, dtype=str(dtype).removeprefix("torch."))
    if options.dtype != "auto":
        settings["dtype"] = options.dtype
    if options.quantisation != "none":
        settings["quantization"] = QUANTIZATIONS.get(options.quantisation, options.quantisation)
    if options.device in ("auto", "cuda"):
        settings["gpu_memory_utilization"] = options.memory_share
    with Readable(spec):
        model = LLM(
            model=source.address,
            max_model_len=window,
            enable_prefix_caching=True,
            tensor_parallel_size=options.tensor_parallel,
            trust_remote_code=code,
            seed=options.seed,
            **settings,
        )
    return VLLMEngine(source.name, model, source.weights, window, options)


class VLLMEngine:
    """Generates text with vLLM.

    Parameters
    ----------
    name : str
        What the model is called in messages.
    model : vllm.LLM
    weights : str
        Digest of everything that was loaded.
    window : int
        The most tokens of prompt and answer together.
    options : ModelOptions
    """

    def __init__(
        self, name: str, model: Any, weights: str, window: int, options: ModelOptions
    ) -> None:
        self.name = name
        self.scheduler = model.llm_engine
        self.tokenizer = model.get_tokenizer()
        self.encoder = PromptEncoder(name, self.tokenizer, window)
        self._rows = options.batch_size or 256
        self._identity = {
            "engine": "vllm",
            "weights": weights,
            "dtype": options.dtype,
            "quantization": options.quantisation,
            **({"batch_invariant": True} if options.batch_invariant else {}),
        }

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    @property
    def capacity(self) -> int:
        # What waits is read while others decode, and the scheduler chooses among it.
        return 2 * self._rows

    @property
    def control_strings(self) -> Iterable[str]:
        return self.encoder.control_strings

    def session(self, config: GenerationConfig) -> _Session:
        """Requests in vLLM's scheduler."""
        return _Session(self, config)


@dataclass(slots=True)
class _Flying:
    """A request in the scheduler, and what earlier parts of its answer were.

    An answer has several parts where it is begun label by label, or goes on behind a stop string
    that was only quoted.
    """

    ticket: str
    request: Request
    prompt: Prompt
    began: float
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    told: list[tuple[str, Mapping[str, float]]] = field(default_factory=list)
    labels: list[tuple[float, ...] | None] = field(default_factory=list)
    logprob: float = 0.0
    cached: int = 0
    parts: int = 0


class _Session:
    def __init__(self, engine: VLLMEngine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        self._new: list[_Flying] = []
        self._flying: dict[str, _Flying] = {}
        self._ready: list[tuple[str, Completion]] = []
        self._number = 0

    def submit(self, ticket: str, request: Request) -> None:
        prompt = self._engine.encoder.encode(request, self._config)
        if prompt.refusal:
            failed = Completion.failed(prompt.refusal, len(prompt.ids), refused=True)
            self._ready.append((ticket, failed))
            return
        self._new.append(_Flying(ticket, request, prompt, time.perf_counter()))

    def collect(self) -> list[tuple[str, Completion]]:
        self._hand_in()
        while not self._ready:
            for output in stepped(self._engine.name, self._engine.scheduler):
                if output.finished:
                    self._end(output)
        ready, self._ready = self._ready, []
        return ready

    def close(self) -> None:
        if self._flying:
            self._engine.scheduler.abort_request(list(self._flying))
        self._flying.clear()
        self._new.clear()

    def _hand_in(self) -> None:
        """Give the scheduler what was submitted, prompts that begin alike beside each other."""
        for row in sorted(self._new, key=lambda row: row.prompt.ids):
            self._send(row)
        self._new.clear()

    def _send(self, row: _Flying) -> None:
        ids = [*row.prompt.ids, *row.tokens]
        label_only = self._config.label_only
        if label_only:
            ids += self._encode(row.text + self._label(row).lead)
        name = f"{id(self)}-{self._number}"
        self._number += 1
        self._flying[name] = row
        limit = 1 if label_only else row.prompt.limit - len(row.tokens)
        self._engine.scheduler.add_request(
            name, {"prompt_token_ids": ids}, self._sampling(row.request, limit)
        )

    def _sampling(self, request: Request, limit: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        config = self._config
        more: dict[str, Any] = {}
        if config.thinking_budget is not None:
            more["thinking_token_budget"] = config.thinking_budget
        if config.temperature > 0:
            first, second = request_seed(config, request)
            more["seed"] = (first * 1_000_003 + second) % 2**31
        wanted = config.label_probabilities or config.label_only
        try:
            return SamplingParams(
                temperature=config.temperature,
                top_p=config.top_p,
                max_tokens=limit,
                stop=list(config.stop) or None,
                include_stop_str_in_output=True,
                logprobs=LIKELIEST if wanted else 0 if config.mean_logprob else None,
                output_kind=RequestOutputKind.FINAL_ONLY,
                **more,
            )
        except TypeError:
            raise UserError(
                "this version of vLLM has no budget for thinking; leave out --thinking-budget"
            ) from None

    def _label(self, row: _Flying) -> Any:
        if not row.request.labels:
            raise UserError("a label-only answer needs a protocol that says where its labels stand")
        return row.request.labels[len(row.labels)]

    def _end(self, output: Any) -> None:
        """One part of an answer has ended: the next is sent, or the answer is whole."""
        row = self._flying.pop(self._name_of(output))
        written = output.outputs[0]
        if row.parts == 0:
            row.cached = int(output.num_cached_tokens or 0)
        row.parts += 1
        told = self._told(written)
        if self._config.label_only:
            label = self._label(row)
            share = label.shares({t: _chance(p) for t, p in told[0][1].items()}) if told else None
            row.labels.append(share)
            if share is None:
                reason = "the label's words are not among the likeliest tokens"
                self._ready.append((row.ticket, Completion.failed(reason, len(row.prompt.ids))))
                return
            row.text += label.lead + label.words[likeliest(share)]
            if len(row.labels) < len(row.request.labels):
                self._send(row)
            else:
                row.text += row.request.close
                self._ready.append((row.ticket, self._completion(row, "stop")))
            return
        row.text += written.text
        row.tokens += list(written.token_ids)
        row.told += told
        row.logprob += written.cumulative_logprob or 0.0
        quoted = isinstance(written.stop_reason, str) and not self._finished(row)
        if quoted and len(row.tokens) < row.prompt.limit:
            self._send(row)
            return
        # "abort" is cut off as well: only what stopped by itself is complete.
        cut = written.finish_reason != "stop" or quoted
        self._ready.append((row.ticket, self._completion(row, "length" if cut else "stop")))

    def _name_of(self, output: Any) -> str:
        """The name under which a request was sent; newer versions add to it."""
        name = str(output.request_id)
        if name in self._flying:
            return name
        return next(own for own in self._flying if name.startswith(f"{own}-"))

    def _finished(self, row: _Flying) -> bool:
        parts = split_reasoning(row.text, begun=row.prompt.thinking)
        if not parts.closed:
            return False
        return row.request.finished is None or row.request.finished(parts.answer)

    def _completion(self, row: _Flying, finish: Finish) -> Completion:
        parts = split_reasoning(row.text, begun=row.prompt.thinking)
        thought = 0
        if parts.reasoning:
            share = len(row.text) - len(parts.answer)
            thought = self._count(row.text[:share]) if parts.closed else len(row.tokens)
        labels = tuple(row.labels) or labels_from_tokens(row.told, row.request.labels)
        mean = row.logprob / len(row.tokens) if self._config.mean_logprob and row.tokens else None
        return Completion(
            parts.answer,
            parts.reasoning,
            finish,
            prompt_tokens=len(row.prompt.ids),
            cached_tokens=row.cached,
            reasoning_tokens=min(thought, len(row.tokens)),
            completion_tokens=len(row.tokens),
            seconds=time.perf_counter() - row.began,
            labels=labels,
            mean_logprob=mean,
        )

    def _told(self, written: Any) -> list[tuple[str, Mapping[str, float]]]:
        """Each token's text with the log-probabilities of the likeliest at its place."""
        if not (self._config.label_probabilities or self._config.label_only):
            return []
        decode = self._engine.tokenizer.decode
        return [
            (decode([token]), {decode([other]): one.logprob for other, one in at.items()})
            for token, at in zip(written.token_ids, written.logprobs or (), strict=False)
        ]

    def _encode(self, text: str) -> Sequence[int]:
        found: Sequence[int] = self._engine.tokenizer(text, add_special_tokens=False).input_ids
        return found

    def _count(self, text: str) -> int:
        return len(self._encode(text))


def stepped(name: str, scheduler: Any) -> Sequence[Any]:
    """What a step of vLLM's engine gives.

    Raises
    ------
    UserError
        When the process in which it computes has ended.
    """
    try:
        outputs: Sequence[Any] = scheduler.step()
    except Exception as problem:
        # By name: the class has had several homes in vLLM.
        if type(problem).__name__ != "EngineDeadError":
            raise
        raise UserError(
            f"vLLM's engine for {name} has ended; its messages above say why, and the same command "
            "goes on from what is stored. On a processor a step can take longer than the 300 s "
            "that vLLM waits for it: set VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS higher"
        ) from problem
    return outputs


def _chance(logprob: float) -> float:
    import math

    return math.exp(min(0.0, logprob))
