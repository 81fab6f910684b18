"""Labels alone: the answer is begun for the judge, and only the next token is asked for."""

from __future__ import annotations

import asyncio

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.server.asking import Asker
from pairjudge_lab.engines.server.body import label_body
from pairjudge_lab.protocols.labels import LabelPosition
from pairjudge_lab.records import UserError

CONTINUES = ("vllm", "llamacpp", "sglang")
"""What servers that continue an assistant's message call themselves in their list of models."""


class LabelReader:
    """Reads the labels of a request one after the other, each from the probabilities of one token.

    Parameters
    ----------
    asker : Asker
        Asks the server.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._checked = False
        self._checking = asyncio.Lock()

    async def complete(self, request: Request) -> Completion:
        """The begun answer with its likeliest labels, and their probabilities.

        Raises
        ------
        UserError
            When the server does not continue an assistant's message, or tells no probabilities.
        """
        async with self._checking:
            if not self._checked:
                await self._check()
                self._checked = True
        text, shares, seconds, written = "", [], 0.0, 0
        first: Completion | None = None
        for label in request.labels:
            text += label.lead
            answer = await self._next(request, text, label)
            if answer.finish == "error":
                return answer
            found = answer.labels[0]
            if found is None:
                return Completion.failed(f"the next token was none of {', '.join(label.words)}")
            shares.append(found)
            # The later word where two are as likely.
            text += label.words[max(range(len(found)), key=lambda word: (found[word], word))]
            # What comes after the first label's prompt was read with it.
            first = first or answer
            written += answer.completion_tokens
            seconds += answer.seconds
        return Completion(
            text + request.close,
            prompt_tokens=first.prompt_tokens if first else 0,
            cached_tokens=first.cached_tokens if first else 0,
            completion_tokens=written,
            seconds=seconds,
            labels=tuple(shares),
        )

    async def _next(self, request: Request, begun: str, label: LabelPosition) -> Completion:
        asker = self._asker
        alone = Request(
            request.messages, request.repetition, labels=(LabelPosition("", label.words),)
        )
        found = await asker.ask(
            alone, lambda dialect: label_body(asker.model, asker.config, request, begun, dialect)
        )
        return found if isinstance(found, Completion) else found[0].completion(found[1])

    async def _check(self) -> None:
        """Refuse a server that would begin an answer of its own."""
        continues = self._asker.options.continues
        if continues is None:
            owners = await self._asker.owners()
            continues = any(owner in CONTINUES for owner in owners)
        if not continues:
            raise UserError(
                f"{self._asker.address} is not known to continue an answer that was begun, as "
                f"label-only needs ({', '.join(CONTINUES)} do); ask for whole answers instead"
            )
