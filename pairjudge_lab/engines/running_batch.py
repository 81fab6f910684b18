"""The batch that a transformers model is decoding: rows come, write a token a step, and leave."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.choosing import sample, scores_of
from pairjudge_lab.engines.contract import (
    Completion,
    Finish,
    Request,
    request_seed,
)
from pairjudge_lab.engines.key_values import Rows, join, keep
from pairjudge_lab.engines.prompts import Prompt
from pairjudge_lab.engines.reasoning import CLOSE
from pairjudge_lab.engines.running import Running
from pairjudge_lab.generation import GenerationConfig

if TYPE_CHECKING:
    from pairjudge_lab.engines.transformers_engine import TransformersEngine


class RunningBatch:
    """Rows that are being decoded together.

    Parameters
    ----------
    engine : TransformersEngine
    config : GenerationConfig
    """

    def __init__(self, engine: TransformersEngine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        # owners[i] writes in row i of the batch; None once its text has ended.
        self._owners: list[Running | None] = []
        self._rows: Rows | None = None
        self._ended: list[tuple[str, Completion]] = []
        # Seconds of each step shared out among its rows, summed up.
        self._clock = 0.0

    def __len__(self) -> int:
        return sum(owner is not None for owner in self._owners)

    @property
    def columns(self) -> int:
        return self._rows.columns if self._rows is not None else 0

    def admit(self, newcomers: Sequence[tuple[str, Request, Prompt]]) -> None:
        """Read the prompts of newcomers and let them join."""
        began = time.perf_counter()
        entered = [self._running(*newcomer) for newcomer in newcomers]
        alive = self._alive()
        owners: list[Running | None] = [*(self._owners[place] for place in alive), *entered]
        old, self._rows = self._rows, None
        # From here on they count as rows of the batch, also where memory runs out on the way.
        self._owners = owners
        read, cached = self._engine.reader.read([prompt.ids for _, _, prompt in newcomers])
        if old is not None and alive:
            read = join(old, alive, read)
        share = (time.perf_counter() - began) / len(newcomers)
        for row in entered:
            row.cached, row.spent = cached, self._clock - share
        self._rows = read

    def step(self) -> None:
        """Write one token in every row, and run the model for the next."""
        import torch

        assert self._rows is not None
        began, many = time.perf_counter(), len(self)
        self._look_up_labels(self._rows.logits)
        chosen = self._choose(self._rows.logits)
        tokens = chosen.tolist()
        scores = scores_of(self._rows.logits, chosen) if self._config.mean_logprob else None
        for place, owner in enumerate(self._owners):
            if owner is None:
                continue
            if owner.forced:
                tokens[place] = owner.forced.popleft()
            elif scores is not None and tokens[place] not in self._engine.ends:
                owner.score(*scores[place])
            finish = self._write(owner, tokens[place])
            if finish is not None:
                self._owners[place] = None
                text = self._engine.text(owner.written)
                seconds = self._clock - owner.spent
                self._ended.append((owner.ticket, owner.completion(text, finish, seconds)))
        alive = self._alive()
        if not alive:
            self._owners, self._rows = [], None
        else:
            rows = self._rows
            if len(alive) < len(self._owners):
                rows, order = keep(rows, alive)
                self._owners = [self._owners[place] for place in order]
                tokens = [tokens[place] for place in order]
            following = torch.tensor(tokens, device=rows.mask.device)
            self._rows = self._engine.reader.step(rows, following)
        self._clock += (time.perf_counter() - began) / max(1, many)

    def ended(self) -> list[tuple[str, Completion]]:
        """The completions that have ended since this was last asked."""
        found, self._ended = self._ended, []
        return found

    def clear(self) -> list[tuple[str, Request, Prompt]]:
        """Take out all rows that are still writing; what they wrote is given up."""
        out = [
            (owner.ticket, owner.request, owner.prompt)
            for owner in self._owners
            if owner is not None
        ]
        self._owners, self._rows = [], None
        return out

    def _alive(self) -> list[int]:
        return [place for place, owner in enumerate(self._owners) if owner is not None]

    def _running(self, ticket: str, request: Request, prompt: Prompt) -> Running:
        draws = None
        if self._config.temperature > 0:
            import numpy as np

            draws = np.random.default_rng(request_seed(self._config, request))
        return Running(ticket, request, prompt, draws, self._longest(request))

    def _choose(self, logits: Any) -> Any:
        config = self._config
        if config.temperature > 0:
            uniforms = [
                0.0 if owner is None or owner.draws is None else owner.draws.random()
                for owner in self._owners
            ]
            return sample(logits, config.temperature, uniforms, config.top_p)
        return logits.argmax(-1)

    def _write(self, owner: Running, token: int) -> Finish | None:
        """Write a token; how the answer ended, or None while it goes on."""
        engine, config = self._engine, self._config
        if token in engine.ends:
            return "stop"
        owner.add(token, engine.piece(token))
        if config.stop and owner.stops(config.stop, lambda: engine.text(owner.written)):
            return "stop"
        if len(owner.written) >= owner.prompt.limit:
            return "length"
        budget = config.thinking_budget
        if owner.part == "thinking" and owner.reasoning_tokens == budget and not owner.forced:
            closing = f"\n{CLOSE}\n\n"
            owner.forced.extend(engine.tokenizer(closing, add_special_tokens=False).input_ids)
        return None

    def _longest(self, request: Request) -> int:
        """Characters of the tail that stop strings, labels and tags can need."""
        strings = (*self._config.stop, *(label.after for label in request.labels), CLOSE)
        return max(map(len, strings))

    def _look_up_labels(self, logits: Any) -> None:
        """Keep the labels' probabilities of rows that stand right before a label."""
        here: dict[int, list[tuple[int, Running]]] = {}
        for place, owner in enumerate(self._owners):
            if owner is None or owner.part == "thinking":
                continue
            for number, label in enumerate(owner.request.labels):
                # A label that nothing leads to stands at the beginning of an answer alone.
                if label.after and owner.tail.endswith(label.after):
                    here.setdefault(number, []).append((place, owner))
        for number, some in here.items():
            label = some[0][1].request.labels[number]
            found = self._engine.label_reader.read(label, logits[[place for place, _ in some]])
            for (_, owner), share in zip(some, found, strict=True):
                owner.labels[number] = share
