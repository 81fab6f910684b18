"""N solutions of every problem from one generator or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pairjudge_lab.engines.cached import CachedSession, CompletionCache
from pairjudge_lab.engines.contract import Completion, Engine
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.progress import Progress
from pairjudge_lab.records import Candidate, Pool, Problem, UserError
from pairjudge_lab.sampling.prompt import FAMILIES, STEP_BY_STEP, SolutionPrompt

SAMPLING = GenerationConfig(temperature=0.8, max_new_tokens=2048, mean_logprob=True)
"""Settings of sampling where no others are asked for."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Pools of sampled solutions, and an account of them.

    Attributes
    ----------
    pools : tuple of Pool
        One for each problem, its candidates in the order of generators and samples.
    counts : Mapping[str, int]
        ``sampled`` now, ``from_store``, ``truncated`` by the token limit, ``empty``: the last two
        are kept among the candidates.
    left_out : Mapping[str, str]
        Problems without a pool, by id, and why: no prompt of theirs could be answered.
    tokens : int
        Tokens written for the solutions sampled now.
    prompt_tokens : Mapping[str, int]
        By generator, the tokens of the prompts of all solutions, those from the store included.
    """

    pools: tuple[Pool, ...]
    counts: Mapping[str, int]
    left_out: Mapping[str, str] = field(default_factory=dict)
    tokens: int = 0
    prompt_tokens: Mapping[str, int] = field(default_factory=dict)


def sample(
    problems: Sequence[Problem],
    generators: Engine | Mapping[str, Engine],
    n: int = 16,
    config: GenerationConfig = SAMPLING,
    *,
    prompt: SolutionPrompt | None = None,
    store: CompletionCache | None = None,
    progress: bool | Path = False,
) -> Sampled:
    """Sample candidate solutions.

    Sample i of a problem is the same whatever ``n``, the batch, and the other problems: it depends
    on the generator, the settings, the prompt, the seed and i alone. With a store, what was sampled
    before is not sampled again.

    Parameters
    ----------
    problems : sequence of Problem
    generators : Engine or mapping of str to Engine
        One generator, or several by name; each gives ``n`` candidates, whose ``source`` is its
        name.
    n : int
        Samples of each generator for each problem.
    config : GenerationConfig
        How they are generated.
    prompt : SolutionPrompt, optional
        How a generator is asked; by default step by step, with its answer in a box.
    store : CompletionCache, optional
        Where completions are kept; a ``Store`` is one.
    progress : bool or Path
        Whether to show progress; a path is a log file for it.

    Returns
    -------
    Sampled

    Raises
    ------
    UserError
        When some solutions could not be generated; those that were are in the store.

    Examples
    --------
    >>> from pairjudge_lab import load_engine, load_problems, sample
    >>> found = sample(load_problems("embedded", limit=1), load_engine("tiny-solver"), n=2)
    >>> len(found.pools[0])
    2
    """
    if n < 1:
        raise UserError(f"n is at least 1 sample a problem, got {n}")
    if not problems:
        raise UserError("there are no problems to sample solutions for")
    named = generators if isinstance(generators, Mapping) else {generators.name: generators}
    if not named:
        raise UserError("there is no generator to sample solutions from")
    account = _Account()
    solutions: list[list[Candidate]] = [[] for _ in problems]
    with Progress(len(problems) * n * len(named), "solutions", progress) as bar:
        for name, engine in named.items():
            session = CachedSession(engine, config, store)
            asked = _prompt_for(engine, prompt)
            for place, completions in _generate(problems, engine, n, session, asked, bar):
                account.add(problems[place], completions, name)
                solutions[place] += [_candidate(c, name) for c in completions]
            account.add_session(session)
    if account.lost:
        why, count = Counter(account.lost).most_common(1)[0]
        raise UserError(
            f"{len(account.lost)} solutions could not be generated ({count} times: {why}); those "
            "that were are stored, and the same command goes on from there"
        )
    account.counts["from_store"] = (
        account.given - account.counts["sampled"] - account.counts["shared"]
    )
    pools = tuple(
        Pool(problem, tuple(some))
        for problem, some in zip(problems, solutions, strict=True)
        if problem.id not in account.left_out
    )
    return Sampled(
        pools,
        dict(account.counts),
        dict(account.left_out),
        account.tokens,
        dict(account.prompt_tokens),
    )


class _Account:
    """What has been sampled, and what could not be."""

    def __init__(self) -> None:
        names = ("sampled", "from_store", "shared", "truncated", "empty")
        self.counts: Counter[str] = Counter(dict.fromkeys(names, 0))
        self.left_out: dict[str, str] = {}
        self.lost: list[str] = []
        self.asked: set[tuple[str, str]] = set()
        self.tokens = self.given = 0
        self.prompt_tokens: Counter[str] = Counter()

    def add(self, problem: Problem, completions: Sequence[Completion], generator: str) -> None:
        failed = [c for c in completions if c.finish == "error"]
        if len(failed) == len(completions) and all(c.refused for c in failed):
            # Its prompt is too long, or is refused: no sample of it can be had.
            self.left_out[problem.id] = failed[0].reason
        else:
            self.lost += [c.reason for c in failed]
        given = sum(c.finish != "error" for c in completions)
        self.given += given
        # Equal questions are asked once, and their samples are the same.
        if (generator, problem.question) in self.asked:
            self.counts["shared"] += given
        self.asked.add((generator, problem.question))
        self.prompt_tokens[generator] += sum(c.prompt_tokens for c in completions)
        self.counts["truncated"] += sum(c.finish == "length" for c in completions)
        self.counts["empty"] += sum(not c.text.strip() for c in completions if c not in failed)

    def add_session(self, session: CachedSession) -> None:
        self.counts["sampled"] += session.generated
        self.tokens += session.tokens


def _generate(
    problems: Sequence[Problem],
    engine: Engine,
    n: int,
    session: CachedSession,
    prompt: SolutionPrompt,
    bar: Progress,
) -> Iterator[tuple[int, list[Completion]]]:
    """Each problem's place and its n completions, as they are complete."""
    found: dict[int, dict[int, Completion]] = {}
    # A problem's samples are asked for together: their prompts are one and the same.
    todo = [(place, number) for place in range(len(problems)) for number in range(n)]
    begun = ended = 0
    try:
        while ended < len(todo):
            while begun < len(todo) and begun - ended < max(1, engine.capacity):
                place, number = todo[begun]
                request = prompt.request(problems[place].question, number)
                session.submit(f"{place} {number}", request)
                begun += 1
            for ticket, _, completion in session.collect():
                ended += 1
                bar.update()
                place, number = map(int, ticket.split())
                some = found.setdefault(place, {})
                some[number] = completion
                if len(some) == n:
                    yield place, [some[i] for i in range(n)]
                    del found[place]
    finally:
        session.close()


def _prompt_for(engine: Engine, prompt: SolutionPrompt | None) -> SolutionPrompt:
    chosen = prompt or SolutionPrompt(FAMILIES.get(engine.name, STEP_BY_STEP))
    return replace(chosen, reserved=engine.control_strings)


def _candidate(completion: Completion, source: str | None) -> Candidate:
    return Candidate(
        completion.text,
        source=source,
        tokens=completion.completion_tokens,
        seconds=completion.seconds,
        mean_logprob=completion.mean_logprob,
        self_certainty=completion.self_certainty,
        finish=completion.finish,
    )
