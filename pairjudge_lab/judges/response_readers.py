"""How models that score whole responses are asked and read: classifiers, and PairRM's kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairjudge_lab.engines.rendering import ChatTemplate
from pairjudge_lab.judges.scalar import Asked
from pairjudge_lab.protocols.control_strings import PromptCheck, control_tokens
from pairjudge_lab.protocols.sanitizer import PromptSanitizer
from pairjudge_lab.records import Match, UserError


class ResponseReader:
    """Reads a sequence classifier: one number for the conversation in which a response was given.

    Remote code that answers with ``.score`` (ArmoRM) or with a bare tensor (Eurus-RM) is read too.

    Parameters
    ----------
    tokenizer
        With a chat template.
    called : str
        What the model is called in messages.

    Raises
    ------
    UserError
        When the tokenizer has none, or one that is not sound.
    """

    name = "scalar"

    def __init__(self, tokenizer: Any, called: str = "this reward model") -> None:
        self._tokenizer = tokenizer
        self._template = ChatTemplate(called, tokenizer)
        self._clean = PromptSanitizer((), control_tokens(tokenizer)).clean
        self._check = PromptCheck.of(tokenizer, self.encode("1 + 1", "It is 2."))

    def ask(self, match: Match) -> list[Asked]:
        asked = []
        for response in (match.response_a, match.response_b):
            ids = self.encode(match.question, response)
            self._check.refuse(ids)
            asked.append(Asked(tuple(ids)))
        return asked

    def encode(self, question: str, response: str) -> list[int]:
        said = (("user", self._clean(question)), ("assistant", self._clean(response)))
        text = self._template.render(said, answered=True).rstrip()
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def read(self, out: Any, asked: Sequence[Asked]) -> list[float]:
        return read_tensor(out, len(asked))


def read_tensor(out: Any, rows: int) -> list[float]:
    """One number for each row of a model's output.

    Raises
    ------
    UserError
        When there are more or fewer, so that none of them is the score.
    """
    import torch

    found = getattr(out, "score", None)
    if found is None:
        found = out if isinstance(out, torch.Tensor) else out.logits
    if found.numel() != rows:
        raise UserError(
            f"a scalar reward model gives one number a response; this one gave {found.numel()} "
            f"for {rows}"
        )
    return [float(x) for x in found.float().flatten().tolist()]


class JointReader:
    """Reads a ranker that is shown both responses at once and scores each against the question.

    The texts are laid out as PairRM's are (arXiv 2306.02561): source, first and second candidate,
    each behind its own token.

    Parameters
    ----------
    tokenizer
        Of the model, with those three tokens.
    """

    name = "pairrm"
    tokens = ("<|source|>", "<|candidate1|>", "<|candidate2|>")

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._clean = PromptSanitizer((), {*control_tokens(tokenizer), *self.tokens}).clean
        self._marks = [tokenizer.convert_tokens_to_ids(token) for token in self.tokens]
        if len({*self._marks, tokenizer.unk_token_id}) < 4:
            raise UserError(f"a ranker's tokenizer must know {', '.join(self.tokens)}")
        self._check = PromptCheck.of(tokenizer, self._encode("1 + 1", "It is 2.", "It is 3."))

    def ask(self, match: Match) -> list[Asked]:
        """The same text for both responses, read at the first's and at the second's token."""
        ids = self._encode(match.question, match.response_a, match.response_b)
        self._check.refuse(ids)
        source, first, second = (ids.index(mark) for mark in self._marks)
        return [Asked(tuple(ids), (source, first)), Asked(tuple(ids), (source, second))]

    def read(self, out: Any, asked: Sequence[Asked]) -> list[float]:
        return [float(out(row, *one.places)) for row, one in enumerate(asked)]

    def _encode(self, *texts: str) -> list[int]:
        ids: list[int] = []
        for mark, text in zip(self.tokens, texts, strict=True):
            ids += self._tokenizer(mark + self._clean(text)).input_ids
        return ids
