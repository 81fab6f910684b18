"""Preference data, as TRL and RewardBench have it, as pools: ``prompt``, ``chosen``, ``rejected``.

``chosen`` and ``rejected`` are texts, conversations (lists of messages with ``role`` and
``content``), or lists of either (RewardBench 2 and RM-Bench have several). The chosen ones come
first in the pool and are its correct candidates. Layouts: TRL's documentation, "Dataset formats
and types", preference, standard and conversational, with explicit and with implicit prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairjudge_lab.datasets.rows import Row, absent, answer_of, text_of
from pairjudge_lab.records import Candidate, Pool, Problem, UserError


def preference_pool(row: Row, number: int) -> Pool:
    """The pool of one row: the chosen responses, then the rejected ones.

    Parameters
    ----------
    row : Row
        With ``chosen`` and ``rejected``, and ``prompt`` (or ``problem``) unless both are
        conversations that begin alike. ``problem_id`` or ``id`` names the problem.
    number : int
        The row's number, the problem's name where the row has none.

    Returns
    -------
    Pool
        Of two candidates where there is one chosen and one rejected.

    Raises
    ------
    UserError
        No prompt, or a value of another kind.
    """
    data = row.data
    chosen, rejected = (_list(row, name) for name in ("chosen", "rejected"))
    prompt = next((data[n] for n in ("prompt", "problem") if data.get(n) is not None), None)
    if prompt is None:
        prompt, chosen, rejected = _split(row, chosen, rejected)
    elif isinstance(prompt, list | tuple):
        prompt = _conversation(row, prompt)
    if not isinstance(prompt, str):
        raise UserError(f"{row.where}: a prompt is a text or messages; got {prompt!r:.60}")
    candidates = []
    for responses, correct in ((chosen, True), (rejected, False)):
        sources = _sources(row, "chosen" if correct else "rejected", len(responses))
        for response, source in zip(responses, sources, strict=True):
            candidates.append(Candidate(_response(row, response), correct=correct, source=source))
    name = next((text_of(data[n]) for n in ("problem_id", "id") if data.get(n) is not None), None)
    answer = answer_of(data.get("answer"), row.where)
    return Pool(Problem(str(number) if name is None else name, prompt, answer), tuple(candidates))


def preference_rows(pools: Sequence[Pool]) -> list[dict[str, Any]]:
    """Pools as preference rows, one for each pair of a correct and a wrong candidate.

    Returns
    -------
    list of dict
        ``problem_id``, ``prompt``, ``chosen`` and ``rejected``, all texts, as TRL's trainers read
        them. Candidates whose correctness is not known take no part.

    Raises
    ------
    UserError
        Where no pool has both a correct and a wrong candidate.
    """
    rows = [
        {
            "problem_id": pool.problem.id,
            "prompt": pool.problem.question,
            "chosen": good.text,
            "rejected": bad.text,
        }
        for pool in pools
        for good in pool.candidates
        if good.correct is True
        for bad in pool.candidates
        if bad.correct is False
    ]
    if not rows:
        raise UserError(
            "no pool has both a correct and a wrong candidate; work out correctness first, with "
            "answers.prepare, or give it in the data"
        )
    return rows


def _list(row: Row, name: str) -> list[Any]:
    """The responses under a column, always as a list of them."""
    value = row.data.get(name)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list | tuple) or not value:
        raise UserError(
            f"{row.where}: {name} is a text, messages, or a list of them; got {value!r:.60}"
        )
    return [list(value)] if isinstance(value[0], dict) else list(value)


def _sources(row: Row, name: str, n: int) -> list[str | None]:
    """Who wrote each response, where RewardBench's columns say."""
    models = row.data.get(f"{name}_model")
    if isinstance(models, str) and n == 1:
        return [models]
    if isinstance(models, list | tuple) and len(models) == n:
        return [text_of(model) for model in models]
    return [None] * n


def _response(row: Row, response: Any) -> str:
    """A response as text; of messages, what the assistant said."""
    if isinstance(response, str):
        return response
    if isinstance(response, list | tuple) and response:
        said = [_message(row, m) for m in response]
        return "\n\n".join(content for role, content in said if role == "assistant")
    raise UserError(f"{row.where}: a response is a text or messages; got {response!r:.60}")


def _conversation(row: Row, messages: Sequence[Any]) -> str:
    """Messages as one text: the content alone where there is one, else each under its role."""
    said = [_message(row, m) for m in messages]
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{role}: {content}" for role, content in said)


def _message(row: Row, message: Any) -> tuple[str, str]:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        raise UserError(
            f"{row.where}: a message has role and content, both texts; got {message!r:.60}"
        )
    return str(message.get("role", "")), message["content"]


def _split(row: Row, chosen: list[Any], rejected: list[Any]) -> tuple[str, list[Any], list[Any]]:
    """An implicit prompt: the messages with which every conversation begins."""
    both = [*chosen, *rejected]
    if not all(isinstance(r, list) for r in both):
        raise absent(
            row, ["prompt"], hint="only conversations that begin alike can go without a prompt"
        )
    shared = 0
    while all(len(r) > shared + 1 and r[shared] == both[0][shared] for r in both):
        shared += 1
    if not shared:
        raise UserError(
            f"{row.where}: there is no prompt, and chosen and rejected do not begin alike"
        )
    prompt = _conversation(row, both[0][:shared])
    return prompt, [r[shared:] for r in chosen], [r[shared:] for r in rejected]
