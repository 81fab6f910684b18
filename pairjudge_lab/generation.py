"""How text is generated: the settings that judges and samplers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pairjudge_lab.records import UserError


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """How text is generated. One object, passed whole, and part of every result's identity.

    Attributes
    ----------
    temperature : float
        0 takes the likeliest token each time (greedy decoding).
    top_p : float
        Sample from the smallest set of tokens whose probabilities add up to this; 1 keeps all.
    max_new_tokens : int
        The most tokens that are written after a prompt, reasoning included.
    context_window : int
        The most tokens of prompt and answer together; the model's own window, where it is smaller,
        takes its place.
    margin : int
        Tokens of the window that stay free: a prompt of p tokens may be followed by
        ``min(max_new_tokens, context_window - p - margin)`` new ones.
    stop : tuple of str
        Strings that end a completion; the string itself is kept where the engine tells.
    thinking : bool or None
        Switches the thinking of models whose chat template has such a switch; None leaves the
        template's own default.
    thinking_budget : int or None
        The most tokens of reasoning; where the engine writes the tokens itself, the reasoning is
        closed there and the answer begins.
    label_probabilities : bool
        Whether the probabilities of the labels are asked for.
    mean_logprob : bool
        Whether the mean log-probability of the tokens that are written is asked for, and with it
        their self-certainty where the engine sees the whole distribution.
    label_only : bool
        The answer is begun for the judge and nothing but its labels is generated.
    seed : int
        Of everything that is drawn; without meaning at temperature 0.

    Raises
    ------
    UserError
        For a value outside its range; the message says which are allowed.

    Examples
    --------
    >>> from pairjudge_lab import GenerationConfig
    >>> GenerationConfig(max_new_tokens=512, context_window=1024).limit(prompt_tokens=700)
    324
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 2048
    context_window: int = 4096
    margin: int = 0
    stop: tuple[str, ...] = ()
    thinking: bool | None = None
    thinking_budget: int | None = None
    label_probabilities: bool = False
    mean_logprob: bool = False
    label_only: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < 100:
            raise UserError(f"temperature lies between 0 and 100, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p is above 0 and at most 1, got {self.top_p}")
        for name, least in (("max_new_tokens", 1), ("context_window", 2), ("margin", 0)):
            if not least <= getattr(self, name) <= 10_000_000:
                raise UserError(
                    f"{name} lies between {least} and 10,000,000, got {getattr(self, name)}"
                )
        if self.thinking_budget is not None and not 0 <= self.thinking_budget <= 10_000_000:
            raise UserError(f"thinking_budget is 0 or more tokens, got {self.thinking_budget}")
        if self.label_only and self.temperature > 0:
            raise UserError("label-only answers are not sampled; leave out the temperature")

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that could change a completion, as plain values; the seed counts where it is used."""
        facts = asdict(self)
        facts["stop"] = list(self.stop)
        if self.temperature == 0:
            del facts["seed"]
        return facts

    def limit(self, prompt_tokens: int, window: int | None = None) -> int:
        """How many tokens may be written after a prompt; zero or less means it does not fit.

        Parameters
        ----------
        prompt_tokens : int
            Length of the prompt.
        window : int, optional
            The model's own window, where it is known.
        """
        longest = self.context_window if window is None else min(self.context_window, window)
        return min(self.max_new_tokens, longest - prompt_tokens - self.margin)
