"""Verdict tables by name: what others' judges said. ``source`` says where the columns were read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from pairjudge_lab.datasets.adapters.judgebench import judgebench_rows
from pairjudge_lab.datasets.catalog.pools import LLMBAR
from pairjudge_lab.datasets.fetching import Remote
from pairjudge_lab.datasets.registry import Entry
from pairjudge_lab.datasets.rows import Row, absent, column
from pairjudge_lab.records import UserError

VerdictRow = dict[str, Any]

BIAS_STUDY = "https://raw.githubusercontent.com/Slimshilin/Position-Bias-Analyzer/"
BIAS_STUDY += "0eb0ce93f5b05b81e4d3218f988178c07780e302/judgment_data/"
BIAS_JUDGES = (
    "claude-3-haiku-20240307", "claude-3-opus-20240229", "claude-3-sonnet-20240229", "gemini-pro",
    "gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106", "gpt-4-0125-preview", "gpt-4-0613",
    "gpt-4-1106-preview",
)  # fmt: skip
LLMBAR_JUDGES = ("ChatGPT", "ChatGPT-0301", "Falcon", "GPT-4", "LLaMA2", "PaLM2")
JUDGEBENCH = "https://raw.githubusercontent.com/ScalerLab/JudgeBench/"
JUDGEBENCH += "12a499c5c29f06940d259b49250fca627d2a0ee5/"
JUDGEBENCH_FILES = tuple(
    f"outputs/dataset=judgebench,response_model={pairs},judge_name={judge}.jsonl"
    for pairs, judge in (
        ("claude-3-5-sonnet-20240620", "arena_hard,judge_model=claude-3-haiku-20240307"),
        ("gpt-4o-2024-05-13", "arena_hard,judge_model=o1-mini-2024-09-12"),
        ("gpt-4o-2024-05-13", "reward_model,judge_model=Ray2333_GRM-Gemma-2B-rewardmodel-ft"),
        ("gpt-4o-2024-05-13", "reward_model,judge_model=Skywork_Skywork-Reward-Gemma-2-27B"),
        ("gpt-4o-2024-05-13", "reward_model,judge_model=Skywork_Skywork-Reward-Llama-3.1-8B"),
        ("gpt-4o-2024-05-13", "reward_model,judge_model=internlm_internlm2-20b-reward"),
        ("gpt-4o-2024-05-13", "reward_model,judge_model=internlm_internlm2-7b-reward"),
    )
)

_CHOICE = re.compile(r"Choice:\s*\[?\[?([ABC])\b|\[\[([ABC])\]\]")
_REPETITION = re.compile(r"Repetition(\d+)-")


def mt_bench(rows: Iterable[Row]) -> Iterator[VerdictRow]:
    """``question_id``, ``turn``, ``model_a``, ``model_b``, ``winner``, ``judge``.

    ``tie (inconsistent)`` is what two orders that disagree were merged into; it is a tie here. A
    judge who voted twice on a pair is given repetitions.
    """
    outcomes = {"model_a": "A", "model_b": "B"}
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        winner = column(row, "winner")
        if winner not in outcomes and not winner.startswith("tie"):
            raise UserError(f"{row.where}: winner is model_a, model_b or tie; got {winner!r:.60}")
        judge = row.data.get("judge")
        name = "/".join(map(str, judge)) if isinstance(judge, list) else column(row, "judge")
        problem = f"{column(row, 'question_id')}-turn-{column(row, 'turn')}"
        key = (name, problem, column(row, "model_a"), column(row, "model_b"))
        yield {
            "judge": name,
            "repetition": seen[key],
            "problem_id": problem,
            "response_a": key[2],
            "response_b": key[3],
            "verdict": outcomes.get(winner, "tie"),
        }
        seen[key] += 1


def mt_bench_orders(rows: Iterable[Row]) -> Iterator[VerdictRow]:
    """``question_id``, ``turn``, ``model_1``, ``model_2``, and the winner of either order:
    ``g1_winner`` (model_1 shown first) and ``g2_winner`` (model_2 shown first)."""
    for row in rows:
        judge = row.data.get("judge")
        name = "/".join(map(str, judge)) if isinstance(judge, list) else column(row, "judge")
        problem = f"{column(row, 'question_id')}-turn-{column(row, 'turn')}"
        first, second = column(row, "model_1"), column(row, "model_2")
        for game, (a, b) in (("g1", (first, second)), ("g2", (second, first))):
            winner = column(row, f"{game}_winner")
            won = {"model_1": first, "model_2": second}.get(winner)
            said = "A" if won == a else "B"
            yield {
                "judge": name,
                "problem_id": problem,
                "response_a": a,
                "response_b": b,
                # Anything but a model or a tie is FastChat's word for an error.
                "verdict": said if won else "tie" if winner == "tie" else "invalid",
                "text": str(row.data.get(f"{game}_judgment") or ""),
            }


def llmbar_evaluators(rows: Iterable[Row]) -> Iterator[VerdictRow]:
    """``label`` and ``results[0]``, with ``swap = False`` and ``swap = True``; ``winner`` is the
    number of the output, whatever the order, and anything but 1 and 2 was not read."""
    counts: Counter[str] = Counter()
    for row in rows:
        path = PurePath(row.file)
        judge, subset = "/".join(path.parts[-3:-1]), path.parts[-5]
        results = row.data.get("results")
        if not isinstance(results, list) or not results or not isinstance(results[0], dict):
            raise absent(row, ["results"])
        label = row.data.get("label")
        if label not in (1, 2) or label is True:
            raise UserError(f"{row.where}: label is 1 or 2; got {label!r:.60}")
        number = counts[judge]
        counts[judge] += 1
        for swapped in (False, True):
            said = results[0].get(f"swap = {swapped}")
            if not isinstance(said, dict):
                raise UserError(f"{row.where}: results have no 'swap = {swapped}'")
            order = (2, 1) if swapped else (1, 2)
            where = {str(output): letter for output, letter in zip(order, "AB", strict=True)}
            completion = said.get("completion")
            yield {
                "judge": judge,
                "problem_id": f"{subset}-{number}",
                "response_a": f"output_{order[0]}",
                "response_b": f"output_{order[1]}",
                "verdict": where.get(str(said.get("winner")), "invalid"),
                "gold": where[str(int(label))],
                "text": str(completion[0]) if isinstance(completion, list) and completion else "",
            }


def bias_study(rows: Iterable[Row]) -> Iterator[VerdictRow]:
    """``cmp_index`` (problem;first;second), and a last column, named by the judge, with its text:
    ``Choice: A`` or ``[[A]]``, where C is a tie."""
    for row in rows:
        parts = column(row, "cmp_index").split(";")
        if len(parts) != 3:
            raise UserError(
                f"{row.where}: cmp_index is problem;first;second; got {';'.join(parts)!r:.80}"
            )
        judge, text = list(row.data.items())[-1]
        if text is not None and not isinstance(text, str):
            raise UserError(f"{row.where}: {judge} is text; got {type(text).__name__}")
        found = _CHOICE.findall(text or "")
        letters = {a or b for a, b in found}
        said = letters.pop() if len(letters) == 1 else None
        repetition = _REPETITION.search(row.where)
        yield {
            "judge": judge,
            "repetition": int(repetition.group(1)) - 1 if repetition else 0,
            "problem_id": parts[0],
            "response_a": parts[1],
            "response_b": parts[2],
            "verdict": {"A": "A", "B": "B", "C": "tie"}.get(str(said), "invalid"),
            "text": text or "",
        }


def _bias_study(name: str, pattern: str, size: str, purpose: str) -> Entry:
    files = tuple(pattern.format(r=r, judge=judge) for r in (1, 2, 3) for judge in BIAS_JUDGES)
    return Entry(
        name=name,
        kind="verdicts",
        licence="MIT",
        size=size,
        purpose=purpose,
        source="Slimshilin/Position-Bias-Analyzer, judgment_data, the files record_*.tsv",
        remote=Remote(files, urls=tuple(BIAS_STUDY + quote(file) for file in files)),
        read=bias_study,
    )


_LLMBAR_FILES = tuple(
    f"Natural/evaluators/{judge}/{prompt}/result.json"
    for judge in LLMBAR_JUDGES
    for prompt in ("Swap", "Swap_CoT")
)

VERDICTS: tuple[Entry, ...] = (
    Entry(
        name="mt-bench-human",
        kind="verdicts",
        licence="CC BY 4.0",
        size="3,355 votes, 0.7 MB",
        purpose="experts' votes on six models' answers to MT-Bench; every pair in one order only",
        source="card of lmsys/mt_bench_human_judgments on the hub; winners: FastChat's "
        "compute_agreement.py",
        remote=Remote(
            ("data/human-00000-of-00001-25f4910818759289.parquet",),
            repository="lmsys/mt_bench_human_judgments",
        ),
        read=mt_bench,
    ),
    Entry(
        name="mt-bench-gpt4",
        kind="verdicts",
        licence="CC BY 4.0",
        size="2,400 verdicts, 0.7 MB",
        purpose="GPT-4 on the same pairs, its two orders merged: agreement, not position bias",
        source="card of lmsys/mt_bench_human_judgments on the hub; winners: FastChat's "
        "compute_agreement.py",
        remote=Remote(
            ("data/gpt4_pair-00000-of-00001-c0b431264a82ddc0.parquet",),
            repository="lmsys/mt_bench_human_judgments",
        ),
        read=mt_bench,
    ),
    Entry(
        name="mt-bench-gpt4-orders",
        kind="verdicts",
        licence="not found",
        size="every model against gpt-3.5-turbo, two turns, both orders",
        purpose="GPT-4 on MT-Bench with both orders kept apart: position bias",
        source="columns and their values: FastChat's llm_judge/common.py, which writes such files; "
        "file: unitxt's loader of the hub's space lmsys/mt-bench, and a public recount that reads "
        "g1_winner and g2_winner from it",
        remote=Remote(
            ("data/mt_bench/model_judgment/gpt-4_pair.jsonl",),
            repository="lmsys/mt-bench",
            repository_type="space",
        ),
        read=mt_bench_orders,
    ),
    Entry(
        name="llmbar-natural",
        kind="verdicts",
        licence="MIT",
        size="2,400 verdicts of twelve judges, 3 MB",
        purpose="twelve judge-and-prompt combinations in both orders, with the gold preference",
        source="princeton-nlp/LLMBar, Dataset/LLMBar/Natural/evaluators/GPT-4/Swap/result.json",
        remote=Remote(_LLMBAR_FILES, urls=tuple(LLMBAR + file for file in _LLMBAR_FILES)),
        read=llmbar_evaluators,
    ),
    _bias_study(
        "devbench-repetitions",
        "data_DevBench_repetition/Repetition{r}-human_4gpts_6opens_sample-3q-4m-human_infer_input_"
        "2680_record0_{judge}_2/record_{judge}_2.tsv",
        "3,888 verdicts of nine judges, about 60 MB",
        "software design documents judged three times in both orders: bias against noise",
    ),
    _bias_study(
        "mt-bench-repetitions",
        "data_MTBench_repetition/Repetition{r}-MTBench_3q-4m-vicuna13b-v1_record0_{judge}_3/"
        "record_{judge}_3.tsv",
        "nine judges, about 30 MB",
        "MT-Bench answers judged three times in both orders, ties allowed",
    ),
    Entry(
        name="judgebench-outputs",
        kind="verdicts",
        licence="MIT",
        size="seven judges, both orders",
        purpose="judges and reward models on JudgeBench, with the truth",
        source="ScalerLab/JudgeBench: outputs/ (a reward model's file) and utils/judges.py; "
        "licence: its page on the hub",
        remote=Remote(
            JUDGEBENCH_FILES,
            urls=tuple(JUDGEBENCH + quote(file) for file in JUDGEBENCH_FILES),
        ),
        read=judgebench_rows,
    ),
)
"""The verdict tables that are known by name."""
