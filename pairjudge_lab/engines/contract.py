"""What every engine takes and gives: requests in, completions out as each is ready.

An engine turns a chat prompt into text. It knows nothing of judges: a judge is an engine and a
protocol, and a sampler of candidate solutions is an engine and a prompt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols.labels import LabelPosition

Messages = tuple[tuple[str, str], ...]
"""A conversation: (role, content) pairs, the last one the user's."""

Finish = Literal["stop", "length", "error"]


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt.

    Attributes
    ----------
    messages : tuple of (role, content)
        The conversation; untrusted parts have been through the prompt sanitizer.
    repetition : int
        Counts requests with the same messages: at a temperature each is drawn apart.
    frame : tuple of (role, content)
        The same conversation with plain text in the place of whatever is untrusted. A prompt that
        holds more control tokens than its frame is refused. Empty where nothing is untrusted.
    labels : tuple of LabelPosition
        Where the answer's labels stand, for their probabilities.
    close : str
        What follows the last label of a label-only answer.
    finished : callable, optional
        Asked when a stop string has been written: whether the text so far is a whole answer, or
        the string was only quoted. Without it every stop string ends the answer.
    """

    messages: Messages
    repetition: int = 0
    frame: Messages = ()
    labels: tuple[LabelPosition, ...] = ()
    close: str = ""
    finished: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What was written after one prompt.

    Attributes
    ----------
    text : str
        The answer, without the reasoning part.
    reasoning : str
        What a thinking model wrote before its answer, where it is told apart.
    finish : {'stop', 'length', 'error'}
        Whether the model ended by itself, met its token limit, or gave no answer at all.
    reason : str
        Why there is no answer, where ``finish`` is ``error``.
    refused : bool
        Whether the prompt itself was refused, so that there will be no answer another time either.
    prompt_tokens, cached_tokens, reasoning_tokens, completion_tokens : int
        Counted by the model's tokenizer; cached are those of the prompt that were not read again,
        reasoning ones are part of the completion's.
    seconds : float
        Its share of the wall time of the batches it was in; at a server, which tells of no batches,
        the time from sending the request to the end of its answer.
    labels : tuple
        ``labels[i]``: the probabilities of the words of label i, shape (n_words,), adding up to
        one; None where they are not known.
    mean_logprob : float or None
        Mean natural-log probability of the tokens written, where the engine tells.
    self_certainty : float or None
        Mean over the tokens written of the Kullback-Leibler divergence, in nats, of the model's
        distribution over all V tokens from the uniform one, -1/V sum_j log(V p_j) (Kang, Zhao and
        Song 2025, arXiv 2502.18581): 0 for a uniform distribution, more where the model is surer.
        Of the distribution at temperature 1, whatever the temperature of sampling. None where the
        engine does not see all of the distribution: a server tells a few likely tokens only.
    """

    text: str
    reasoning: str = ""
    finish: Finish = "stop"
    reason: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    labels: tuple[tuple[float, ...] | None, ...] = ()
    mean_logprob: float | None = None
    self_certainty: float | None = None
    refused: bool = False

    @classmethod
    def failed(cls, reason: str, prompt_tokens: int = 0, *, refused: bool = False) -> Completion:
        """No answer, and why."""
        return cls("", finish="error", reason=reason, prompt_tokens=prompt_tokens, refused=refused)


class EngineSession(Protocol):
    """Requests in flight.

    ``collect`` waits until at least one completion is there and gives all that are, each with the
    ticket under which its request was submitted; it is called only while something is in flight.
    Completions come in any order. ``close`` gives up whatever is in flight.
    """

    def submit(self, ticket: str, request: Request) -> None: ...

    def collect(self) -> list[tuple[str, Completion]]: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Generates text.

    ``name`` is what the model is called in tables. ``identity`` holds what could change a
    completion besides its request and configuration: the model, the digest of everything that was
    loaded with it, the data type. ``capacity`` is how many requests should be in flight.
    ``control_strings`` are the strings that the model's tokenizer turns into control tokens, or
    None where the tokenizer is not known here.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Mapping[str, Any]: ...

    @property
    def capacity(self) -> int: ...

    @property
    def control_strings(self) -> Iterable[str] | None: ...

    def session(self, config: GenerationConfig) -> EngineSession: ...


def generate(
    engine: Engine, requests: Sequence[Request], config: GenerationConfig
) -> list[Completion]:
    """Complete a plain list of requests; completions in their order."""
    found: dict[str, Completion] = {}
    session = engine.session(config)
    try:
        begun = 0
        while len(found) < len(requests):
            while begun < len(requests) and begun - len(found) < engine.capacity:
                session.submit(str(begun), requests[begun])
                begun += 1
            found.update(session.collect())
    finally:
        session.close()
    return [found[str(place)] for place in range(len(requests))]


def request_seed(config: GenerationConfig, request: Request) -> list[int]:
    """What seeds a request's sampling: the same whatever its batch, session and engine restarts."""
    said = [[{"role": role, "content": text} for role, text in request.messages]]
    digest = hashlib.sha256(json.dumps([*said, request.repetition]).encode()).digest()
    return [config.seed, int.from_bytes(digest[:8], "big")]


def completion_key(engine: str, config: GenerationConfig, request: Request) -> str:
    """The name under which a request's completion is kept.

    Parameters
    ----------
    engine : str
        Digest of the engine's identity.
    """
    parts = [
        engine,
        dict(config.identity),
        request.messages,
        request.repetition,
        # Only where they change what comes back.
        [(position.lead, position.words) for position in request.labels]
        if config.label_only or config.label_probabilities
        else [],
        request.close if config.label_only else "",
    ]
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
