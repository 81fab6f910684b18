"""The small world: arithmetic chains, worked solutions, and a teacher that checks them.

A problem reads "Start with 7. Add 5. Multiply by 3."; a solution works it line by line and ends
in a boxed answer; a check goes through two solutions step by step and labels each. Everything
here is plain text and exact arithmetic: no model, no disk.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np

LIMIT = 99
"""Every value of a chain lies between 0 and this number."""

_VERBS = {"+": "Add {}.", "-": "Subtract {}.", "*": "Multiply by {}."}
_LINE = re.compile(r"^(-?\d+) ([+*-]) (\d+) = (-?\d+)$")
_BOXED = re.compile(r"\\boxed\{(-?\d+)\}")
_QUESTION = re.compile(r"Start with (\d+)\.")
_STEP = re.compile(r"(Add|Subtract|Multiply by) (\d+)\.")


@dataclass(frozen=True, slots=True)
class Chain:
    """A start value and a sequence of (operator, operand) steps."""

    start: int
    steps: tuple[tuple[str, int], ...]

    @property
    def question(self) -> str:
        words = [f"Start with {self.start}."]
        words += [_VERBS[op].format(operand) for op, operand in self.steps]
        return " ".join(words)

    @property
    def values(self) -> list[int]:
        """The value after each step."""
        out, value = [], self.start
        for op, operand in self.steps:
            value = apply(op, value, operand)
            out.append(value)
        return out

    @property
    def answer(self) -> int:
        return self.values[-1]

    @property
    def held_out(self) -> bool:
        """Whether the chain belongs to the tenth of the world that nothing is trained on."""
        return hashlib.sha256(self.question.encode()).digest()[0] % 10 == 0


def apply(op: str, value: int, operand: int) -> int:
    """``value op operand`` for op in ``+ - *``."""
    if op == "+":
        return value + operand
    if op == "-":
        return value - operand
    return value * operand


def parse_chain(question: str) -> Chain:
    """Read a question of this world back.

    Raises
    ------
    ValueError
        When the text is no such question.
    """
    start = _QUESTION.match(question)
    ops = {"Add": "+", "Subtract": "-", "Multiply by": "*"}
    steps = tuple((ops[verb], int(number)) for verb, number in _STEP.findall(question))
    if start is None or not steps:
        raise ValueError(
            f"not a chain: {question[:60]!r}; a chain reads 'Start with 7. Add 5. Multiply by 3.'"
        )
    return Chain(int(start.group(1)), steps)


def random_chain(
    rng: np.random.Generator, *, held_out: bool, lengths: tuple[int, int] = (3, 6)
) -> Chain:
    """Draw a chain whose values stay within 0 and 99, from the trained or the held-out part."""
    while True:
        start = int(rng.integers(1, 51))
        value, steps = start, []
        for _ in range(int(rng.integers(lengths[0], lengths[1] + 1))):
            choices = []
            if value + 2 <= LIMIT:
                choices.append("+")
            if value >= 2:
                choices.append("-")
            if 2 <= value <= LIMIT // 2:
                choices.append("*")
            op = choices[int(rng.integers(len(choices)))]
            top = {
                "+": min(49, LIMIT - value),
                "-": min(49, value),
                "*": min(9, LIMIT // max(value, 1)),
            }[op]
            operand = int(rng.integers(2, top + 1))
            value = apply(op, value, operand)
            steps.append((op, operand))
        chain = Chain(start, tuple(steps))
        if chain.held_out == held_out:
            return chain


def write_solution(chain: Chain) -> str:
    """The right solution, one line a step."""
    lines, value = [], chain.start
    for op, operand in chain.steps:
        result = apply(op, value, operand)
        lines.append(f"{value} {op} {operand} = {result}")
        value = result
    return "\n".join([*lines, f"The answer is \\boxed{{{value}}}."])


def write_wrong_solution(chain: Chain, rng: np.random.Generator) -> str:
    """A solution with one planted mistake: in a result, operand, operator, step, or the end."""
    where = int(rng.integers(len(chain.steps)))
    kind = rng.choice(["result", "result", "result", "operand", "operator", "skip", "answer"])
    lines, value = [], chain.start
    for i, (op, operand) in enumerate(chain.steps):
        if i == where and kind == "skip" and len(chain.steps) > 1:
            continue
        if i == where and kind == "operand":
            operand = max(1, operand + int(rng.choice([-10, -2, -1, 1, 2, 10])))
        if i == where and kind == "operator":
            op = {"+": "-", "-": "+", "*": "+"}[op]
        result = apply(op, value, operand)
        if i == where and kind == "result":
            result += int(rng.choice([-20, -10, -2, -1, 1, 2, 10, 20]))
        result = min(max(result, 0), LIMIT)
        lines.append(f"{value} {op} {operand} = {result}")
        value = result
    if kind == "answer":
        value = min(max(value + int(rng.choice([-10, -1, 1, 10])), 0), LIMIT)
    return "\n".join([*lines, f"The answer is \\boxed{{{value}}}."])


def final_answer(solution: str) -> int | None:
    """The last boxed whole number, or None."""
    found = _BOXED.findall(solution)
    return int(found[-1]) if found else None


def write_check(chain: Chain, solution: str) -> tuple[str, bool]:
    """Work the chain again beside a solution; stop at the first line that disagrees.

    Returns
    -------
    tuple
        The written check, and whether every line and the boxed answer agreed.
    """
    lines: list[str] = []
    written = [m.group(4) for m in map(_LINE.match, solution.splitlines()) if m]
    value = chain.start
    for i, (op, operand) in enumerate(chain.steps):
        result = apply(op, value, operand)
        head = f"{value} {op} {operand} = {result}, "
        if i >= len(written):
            return "\n".join([*lines, head + "missing"]), False
        if written[i] != str(result):
            return "\n".join([*lines, head + f"says {written[i]}, wrong"]), False
        lines.append(head + f"says {result}, right")
        value = result
    boxed = final_answer(solution)
    if len(written) > len(chain.steps) or boxed is None:
        return "\n".join([*lines, f"answer {value}, missing"]), False
    if boxed != value:
        return "\n".join([*lines, f"answer {value}, says {boxed}, wrong"]), False
    return "\n".join([*lines, f"answer {value}, says {value}, right"]), True


def write_judgment(chain: Chain, response_a: str, response_b: str) -> str:
    """The teacher's completion for one match: both checks, then both labels in the judge's tags."""
    check_a, right_a = write_check(chain, response_a)
    check_b, right_b = write_check(chain, response_b)
    label_a, label_b = ("Correct" if right else "Incorrect" for right in (right_a, right_b))
    return (
        f"Response A\n{check_a}\nResponse B\n{check_b}\n"
        f"<resp_a_judge>{label_a}</resp_a_judge>\n<resp_b_judge>{label_b}</resp_b_judge>"
    )
