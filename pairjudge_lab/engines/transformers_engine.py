"""Text from a model of transformers in this process.

Waiting requests take the places of rows that end at once: newcomers are read in groups beside the
batch and join it. Every completion is given back as it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.key_values import Reader
from pairjudge_lab.engines.label_only import fill_labels
from pairjudge_lab.engines.label_probabilities import LabelReader
from pairjudge_lab.engines.memory import free_memory, is_out_of_memory, release_memory
from pairjudge_lab.engines.prompts import Prompt, PromptEncoder
from pairjudge_lab.engines.running_batch import RunningBatch
from pairjudge_lab.engines.threads import rows_for, threads_for
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

_WINDOW = 4096
"""Tokens of a prompt and its answer, for a model that does not tell how many it can take."""

EXPECTED_TOKENS = 512
"""Tokens of an answer that batches are planned with; longer answers are met by shrinking."""


class TransformersEngine:
    """Generates text with a causal language model.

    Parameters
    ----------
    name : str
        What the model is called in messages.
    model : transformers model
        In evaluation mode.
    tokenizer : transformers tokenizer
        With a chat template.
    weights : str
        Digest of everything that was loaded, or the commit on the hub.
    rows : int, optional
        The most requests in one batch; 64 by default, 256 on a GPU.
    tokens : int, optional
        The most tokens (prompts, and what answers may take) held at once; by default what fills
        half of the free memory.
    quantization : str
        How the weights are held, for the identity.

    Raises
    ------
    UserError
        When the tokenizer has no chat template.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        weights: str,
        *,
        rows: int | None = None,
        tokens: int | None = None,
        quantization: str = "none",
    ) -> None:
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.encoder = PromptEncoder(name, tokenizer, _window(name, model))
        self.ends = _ends(name, model, tokenizer)
        pad = tokenizer.pad_token_id
        self.reader = Reader(model, pad if pad is not None else next(iter(self.ends), 0))
        self.label_reader = LabelReader(self.piece)
        self.rows = rows or rows_for(model.device.type, model.num_parameters())
        self.tokens = tokens or self._budget()
        # Reading more than this at once gains nothing, and holds up the rows that are decoding.
        self.read_at_once = 65_536 if model.device.type == "cuda" else 2048
        self._pieces: dict[int, str] = {}
        self._identity = {
            "engine": "transformers",
            "weights": weights,
            "dtype": str(model.dtype).removeprefix("torch."),
            "quantization": quantization,
        }

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    @property
    def capacity(self) -> int:
        return self.rows

    @property
    def control_strings(self) -> Iterable[str]:
        return self.encoder.control_strings

    def session(self, config: GenerationConfig) -> _Session | _LabelSession:
        """A running batch under one configuration."""
        return _LabelSession(self, config) if config.label_only else _Session(self, config)

    def piece(self, token: int) -> str:
        """The text of one token."""
        if token not in self._pieces:
            self._pieces[token] = self.tokenizer.decode([token])
        return self._pieces[token]

    def text(self, tokens: Sequence[int]) -> str:
        """The text of what was written, without control tokens."""
        return str(
            self.tokenizer.decode(
                list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def shrink(self, rows: int) -> None:
        """Take fewer rows from here on, because memory ran out at ``rows``.

        Raises
        ------
        UserError
            When it was one row alone.
        """
        if rows <= 1:
            raise UserError(
                f"one request to {self.name} does not fit in memory; use a smaller model, a "
                "quantized one, a smaller --context-window, or a larger machine"
            )
        self.rows = max(1, rows // 2)
        self.reader.forget()
        release_memory()

    def _budget(self) -> int:
        """Tokens whose keys and values fill half of the free memory."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        # A cache that grows is held twice while it is copied.
        each = 2 * 2 * config.num_hidden_layers * heads * size * self.model.dtype.itemsize
        return max(4096, int(0.5 * free_memory(self.model.device.type) / each))


class _Waiting:
    """Requests that have been encoded and wait for a place, and those refused."""

    def __init__(self, engine: TransformersEngine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        self.rows: list[tuple[str, Request, Prompt]] = []
        self.refused: list[tuple[str, Completion]] = []

    def add(self, ticket: str, request: Request) -> None:
        prompt = self._engine.encoder.encode(request, self._config)
        if prompt.refusal:
            failed = Completion.failed(prompt.refusal, len(prompt.ids), refused=True)
            self.refused.append((ticket, failed))
        else:
            self.rows.append((ticket, request, prompt))

    def take(self, rows: int, tokens: int, free: int) -> list[tuple[str, Request, Prompt]]:
        """The next requests: at most ``rows``, ``tokens`` of prompts, a batch of ``free``."""
        taken: list[tuple[str, Request, Prompt]] = []
        longest = 0
        while self.rows and len(taken) < rows:
            longest = max(longest, len(self.rows[0][2].ids))
            many = len(taken) + 1
            if taken and (many * longest > tokens or many * (longest + EXPECTED_TOKENS) > free):
                break
            taken.append(self.rows.pop(0))
        return taken

    def refusals(self) -> list[tuple[str, Completion]]:
        refused, self.refused = self.refused, []
        return refused


class _Session:
    """Requests in a batch that is never waited for."""

    WARM_UP = 4
    """The first rows, of many, go ahead alone, so that the first answers are soon there."""

    def __init__(self, engine: TransformersEngine, config: GenerationConfig) -> None:
        self._engine = engine
        self._waiting = _Waiting(engine, config)
        self._batch = RunningBatch(engine, config)
        self._answered = False

    def submit(self, ticket: str, request: Request) -> None:
        self._waiting.add(ticket, request)

    def collect(self) -> list[tuple[str, Completion]]:
        while True:
            if found := [*self._waiting.refusals(), *self._batch.ended()]:
                self._answered = True
                return found
            try:
                with threads_for(self._engine.model):
                    self._admit()
                    self._batch.step()
            except (MemoryError, RuntimeError) as problem:
                if not is_out_of_memory(problem):
                    raise
                # A step that broke off leaves the batch half read, so its rows begin anew.
                rows = len(self._batch)
                self._waiting.rows[:0] = self._batch.clear()
                self._engine.shrink(rows)

    def close(self) -> None:
        self._batch.clear()
        self._waiting.rows.clear()

    def _admit(self) -> None:
        engine, batch = self._engine, self._batch
        most = engine.rows
        if not self._answered and len(self._waiting.rows) + len(batch) > 8 * self.WARM_UP:
            most = min(most, self.WARM_UP)
        free = most - len(batch)
        # Joining copies the batch, about a step's cost, so newcomers come in groups.
        if not self._waiting.rows or free < (0.15 * most if batch else 1):
            return
        tokens = engine.tokens - len(batch) * (batch.columns + EXPECTED_TOKENS)
        if batch and tokens <= 0:
            return
        if newcomers := self._waiting.take(free, engine.read_at_once, tokens):
            batch.admit(newcomers)


class _LabelSession:
    """Label-only answers: a batch of prompts is read, and its labels looked up."""

    def __init__(self, engine: TransformersEngine, config: GenerationConfig) -> None:
        self._engine = engine
        self._waiting = _Waiting(engine, config)

    def submit(self, ticket: str, request: Request) -> None:
        self._waiting.add(ticket, request)

    def collect(self) -> list[tuple[str, Completion]]:
        engine = self._engine
        while True:
            if found := self._waiting.refusals():
                return found
            batch = self._waiting.take(engine.rows, 4 * engine.read_at_once, engine.tokens)
            try:
                with threads_for(engine.model):
                    return fill_labels(engine, batch)
            except (MemoryError, RuntimeError) as problem:
                if not is_out_of_memory(problem):
                    raise
                self._waiting.rows[:0] = batch
                engine.shrink(len(batch))

    def close(self) -> None:
        self._waiting.rows.clear()


def _window(name: str, model: Any) -> int:
    """The context window that a model's configuration tells, in tokens."""
    told = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if told is None:
        return _WINDOW
    if isinstance(told, bool) or not isinstance(told, int) or told < 1:
        raise UserError(f"{name}: max_position_embeddings in config.json is no count of tokens")
    return told


def _ends(name: str, model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens at which an answer ends."""
    told = model.generation_config.eos_token_id
    ends = [*(told if isinstance(told, list) else [told]), tokenizer.eos_token_id]
    ends = [end for end in ends if end is not None]
    if any(isinstance(end, bool) or not isinstance(end, int) for end in ends):
        raise UserError(
            f"{name}: eos_token_id in generation_config.json is no token or list of them"
        )
    return frozenset(ends)
