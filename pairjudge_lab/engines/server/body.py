"""The body of a request, and what is learnt of a server from what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pairjudge_lab.engines.contract import Request, request_seed
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one server accepts of the chat protocol.

    Attributes
    ----------
    limit : str
        What it calls the most tokens of an answer.
    usage : bool
        Whether it takes ``stream_options``, and so tells the tokens of a streamed answer.
    stop : bool
        Whether it takes stop strings; where not, answers are ended here.
    seed : bool
        Whether it takes a seed.
    logprobs : int
        The most alternatives a token that it tells; 0 where it tells none.
    """

    limit: str = "max_tokens"
    usage: bool = True
    stop: bool = True
    seed: bool = True
    logprobs: int = 20

    def after(self, refusal: str, body: Mapping[str, Any]) -> Dialect | None:
        """What is to be asked instead after a refusal (status 400 or 422) in these words.

        Returns None where the words name nothing that could be asked otherwise.

        Raises
        ------
        UserError
            When the server cannot switch the model's thinking, but was asked to.
        """
        if "max_completion_tokens" in refusal and "max_tokens" in body:
            return replace(self, limit="max_completion_tokens")
        if "stream_options" in refusal and "stream_options" in body:
            return replace(self, usage=False)
        if "logprobs" in refusal and "logprobs" in body:
            # Several APIs tell five at most.
            return replace(self, logprobs=5 if body["top_logprobs"] > 5 else 0)
        if "chat_template_kwargs" in refusal and "chat_template_kwargs" in body:
            raise UserError(
                "the server cannot switch the model's thinking on or off; leave the setting out"
            )
        for name in ("stop", "seed"):
            if name in body and re.search(rf"['\"`.]{name}['\"`]|\b{name}:|^{name}\b", refusal):
                return replace(self, stop=False) if name == "stop" else replace(self, seed=False)
        return None


def request_body(
    model: str,
    config: GenerationConfig,
    request: Request,
    dialect: Dialect,
    *,
    stop: bool = True,
) -> dict[str, Any]:
    """The body of one request.

    Parameters
    ----------
    model : str
        The model's name at the server.
    config, request :
        What is asked, and how.
    dialect : Dialect
        What the server accepts.
    stop : bool
        Whether the server should end the answer at the stop strings.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": role, "content": text} for role, text in request.messages],
        dialect.limit: config.max_new_tokens,
        "temperature": config.temperature,
        "top_p": config.top_p,
        "stream": True,
    }
    if dialect.usage:
        body["stream_options"] = {"include_usage": True}
    if config.stop and stop and dialect.stop:
        body["stop"] = list(config.stop)
    if config.temperature > 0 and dialect.seed:
        # Servers take 32 bits.
        first, second = request_seed(config, request)
        body["seed"] = (first * 1_000_003 + second) % 2**31
    if dialect.logprobs and (config.label_probabilities or config.mean_logprob):
        # llama.cpp tells twenty alternatives where no number is given, and nothing where it is 0.
        told = dialect.logprobs if config.label_probabilities else 1
        body["logprobs"], body["top_logprobs"] = True, told
    if config.thinking is not None:
        body["chat_template_kwargs"] = {"enable_thinking": config.thinking}
    return body


def label_body(
    model: str, config: GenerationConfig, request: Request, begun: str, dialect: Dialect
) -> dict[str, Any]:
    """The body of a request for the one token that follows a begun answer.

    vLLM and SGLang are told to continue the last message; llama.cpp does so by itself.

    Raises
    ------
    UserError
        When the server tells no probabilities.
    """
    if not dialect.logprobs:
        raise UserError("the server tells no probabilities, so that labels alone cannot be read")
    body = request_body(model, config, request, dialect, stop=False)
    body["messages"].append({"role": "assistant", "content": begun})
    body[dialect.limit] = 1
    body["logprobs"], body["top_logprobs"] = True, dialect.logprobs
    body["add_generation_prompt"], body["continue_final_message"] = False, True
    return body
