"""From a conversation to token ids: rendered, counted, and refused where it must not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pairjudge_lab.engines.contract import Messages, Request
from pairjudge_lab.engines.reasoning import CLOSE, begins_thinking
from pairjudge_lab.engines.rendering import ChatTemplate, EndlessTemplateError
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols.control_strings import INTRUDED, PromptCheck, control_tokens
from pairjudge_lab.records import UserError


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request's token ids, and why it must not be answered (empty where it may).

    ``limit`` is how many tokens may follow; ``thinking`` says that the prompt ends inside a
    reasoning part.
    """

    ids: tuple[int, ...]
    limit: int
    thinking: bool = False
    refusal: str = ""


class PromptEncoder:
    """Encodes requests for a model whose tokenizer is known here; the same for every engine.

    Parameters
    ----------
    name : str
        What the model is called in messages.
    tokenizer : transformers tokenizer
        With a chat template.
    window : int
        The model's own context window, in tokens.

    Raises
    ------
    UserError
        When the tokenizer has no chat template, or one that is not sound.
    """

    def __init__(self, name: str, tokenizer: Any, window: int) -> None:
        self.tokenizer = tokenizer
        self.template = ChatTemplate(name, tokenizer)
        self.window = window
        self.control_strings = control_tokens(tokenizer)
        self._checks: dict[tuple[Messages, bool | None], PromptCheck] = {}

    def encode(self, request: Request, config: GenerationConfig) -> Prompt:
        """The prompt of a request under a configuration."""
        try:
            text = self.template.render(request.messages, config.thinking)
        except EndlessTemplateError:
            raise
        except UserError as problem:
            if not request.frame:
                raise
            # Where the frame is rendered, it is this text that the template cannot take: one
            # candidate must not end a run.
            self.template.render(request.frame, config.thinking)
            return Prompt((), 0, refusal=str(problem))
        thinking = begins_thinking(text)
        if thinking and config.label_only:
            # The answer is begun for the judge, so there is nothing to think about.
            text, thinking = f"{text.rstrip()}\n{CLOSE}\n\n", False
        ids = tuple(self.tokenizer(text, add_special_tokens=False).input_ids)
        window = min(self.window, config.context_window)
        limit = config.limit(len(ids), self.window)
        refusal = ""
        if request.frame and self._check(request.frame, config.thinking).intruders(ids):
            refusal = INTRUDED
        elif limit <= 0:
            refusal = f"the prompt of {len(ids)} tokens does not fit the window of {window}"
        return Prompt(ids, limit, thinking, refusal)

    def _check(self, frame: Messages, thinking: bool | None) -> PromptCheck:
        """What tells whether a prompt holds control tokens that its frame does not."""
        key = (frame, thinking)
        if key not in self._checks:
            ids = self.tokenizer(
                self.template.render(frame, thinking), add_special_tokens=False
            ).input_ids
            self._checks[key] = PromptCheck.of(self.tokenizer, ids)
        return self._checks[key]
