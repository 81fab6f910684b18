"""What the small world's models are shown: prompts and completions."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.toy.chains import (
    random_chain,
    write_judgment,
    write_solution,
    write_wrong_solution,
)
from pairjudge_lab.toy.teacher import PAIRWISE

SYSTEM = "You are a helpful assistant."
TEMPLATE = PAIRWISE.text


Example = tuple[str, str]
"""A rendered prompt and its completion."""


def _chat(*messages: tuple[str, str]) -> str:
    body = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages)
    return body + "<|im_start|>assistant\n"


def solver_prompt(question: str) -> str:
    return _chat(("user", question))


def judge_prompt(question: str, response_a: str, response_b: str) -> str:
    filled = TEMPLATE.format(question=question, response_a=response_a, response_b=response_b)
    return _chat(("system", SYSTEM), ("user", filled))


def solver_example(rng: np.random.Generator) -> Example:
    chain = random_chain(rng, held_out=False)
    return solver_prompt(chain.question), write_solution(chain) + "<|im_end|>"


def planted_example(rng: np.random.Generator) -> Example:
    """A match of a random chain between right solutions and planted mistakes."""
    chain = random_chain(rng, held_out=False)
    response_a, response_b = (
        write_solution(chain) if rng.random() < 0.5 else write_wrong_solution(chain, rng)
        for _ in range(2)
    )
    return (
        judge_prompt(chain.question, response_a, response_b),
        write_judgment(chain, response_a, response_b) + "<|im_end|>",
    )
