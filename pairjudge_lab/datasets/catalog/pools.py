"""Pools and pairs by name. How their columns are called was read where ``source`` says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from pairjudge_lab.datasets.catalog.solutions import (
    gsm8k_solutions,
    jetts,
    prm800k,
    processbench,
    rewardmath,
)
from pairjudge_lab.datasets.fetching import Remote
from pairjudge_lab.datasets.preferences import preference_pool
from pairjudge_lab.datasets.registry import Entry
from pairjudge_lab.datasets.rows import Row, column, text_of
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

LLMBAR = "https://raw.githubusercontent.com/princeton-nlp/LLMBar/"
LLMBAR += "caa7bee794bfed74baed038b99229fa3f0c4c511/Dataset/LLMBar/"
ADVERSARIAL = ("Neighbor", "GPTInst", "GPTOut", "Manual")
GRADE_SCHOOL = "https://raw.githubusercontent.com/openai/grade-school-math/"
GRADE_SCHOOL += "3ab487330c1f3c28650d4bcd30bb51d33a14d404/grade_school_math/data/"


def preferences(rows: Iterable[Row]) -> Iterator[Pool]:
    """``id``, ``prompt``, ``chosen`` and ``rejected``: texts, or lists of them."""
    for number, row in enumerate(rows):
        yield preference_pool(_with_models(row), number)


def _with_models(row: Row) -> Row:
    """RewardBench 2 names the models of all completions in one list, the chosen first."""
    models, chosen = row.data.get("models"), row.data.get("chosen")
    if not isinstance(models, list) or not isinstance(chosen, list):
        return row
    split = len(chosen)
    names = {"chosen_model": models[:split], "rejected_model": models[split:]}
    return Row(row.where, {**row.data, **names})


def judgebench(rows: Iterable[Row]) -> Iterator[Pool]:
    """``pair_id``, ``question``, ``response_A``, ``response_B``, ``label`` (``A>B`` or ``B>A``)."""
    for row in rows:
        label = column(row, "label")
        if label not in ("A>B", "B>A"):
            raise UserError(f"{row.where}: label is A>B or B>A; got {label!r:.60}")
        model = text_of(row.data.get("response_model"))
        yield Pool(
            Problem(column(row, "pair_id"), column(row, "question")),
            (
                Candidate(column(row, "response_A"), correct=label == "A>B", source=model),
                Candidate(column(row, "response_B"), correct=label == "B>A", source=model),
            ),
        )


def llmbar(rows: Iterable[Row]) -> Iterator[Pool]:
    """``input``, ``output_1``, ``output_2``, ``label`` (1 or 2); ids are subset and number."""
    counts: dict[str, int] = {}
    for row in rows:
        label = row.data.get("label")
        if label not in (1, 2) or label is True:
            raise UserError(f"{row.where}: label is 1 or 2; got {label!r:.60}")
        subset = PurePath(row.file).parent.name
        number = counts.get(subset, 0)
        counts[subset] = number + 1
        yield Pool(
            Problem(f"{subset}-{number}", column(row, "input")),
            tuple(
                Candidate(column(row, f"output_{i}"), correct=label == i, source=f"output_{i}")
                for i in (1, 2)
            ),
        )


def _judgebench(model: str) -> Entry:
    return Entry(
        name=f"judgebench-{model}",
        kind="pools",
        licence="MIT",
        size={"gpt": "350 pairs, 2.0 MB", "claude": "270 pairs, 0.9 MB"}[model],
        purpose="hard pairs from knowledge, reasoning, mathematics and code: one right, one wrong",
        source="README of ScalerLab/JudgeBench; licence: its page on the hub",
        remote=Remote((f"data/{model}-00000-of-00001.jsonl",), repository="ScalerLab/JudgeBench"),
        read=judgebench,
    )


def _preference(name: str, *, remote: Remote, **about: str) -> Entry:
    return Entry(name=name, kind="pools", remote=remote, read=preferences, **about)


def _llmbar(name: str, files: tuple[str, ...], **about: str) -> Entry:
    return Entry(
        name=name,
        kind="pools",
        licence="MIT",
        source="princeton-nlp/LLMBar, Dataset/LLMBar/Natural/dataset.json",
        remote=Remote(files, urls=tuple(LLMBAR + file for file in files)),
        read=llmbar,
        **about,
    )


def not_pools(rows: Iterable[Row]) -> Iterator[Pool]:
    """PairJudge-432K holds judgments to train on, no pools."""
    raise UserError(
        "pairjudge-432k holds judgments to train on, no pools; train on it with 'pairjudge-lab "
        "train --data FILE', which streams its one file of 3.45 GB"
    )


POOLS: tuple[Entry, ...] = (
    _preference(
        "reward-bench-2",
        licence="ODC-BY",
        size="1,865 pools, 7 MB",
        purpose="best of four in six domains; in the subset Ties several responses are right",
        source="card of allenai/reward-bench-2 on the hub",
        remote=Remote(("data/test-00000-of-00001.parquet",), repository="allenai/reward-bench-2"),
    ),
    _preference(
        "reward-bench",
        licence="ODC-BY",
        size="2,985 pairs, 8 MB",
        purpose="chosen and rejected in chat, safety and reasoning (the filtered split)",
        source="card of allenai/reward-bench on the hub",
        remote=Remote(("data/filtered-*.parquet",), repository="allenai/reward-bench"),
    ),
    _preference(
        "rm-bench",
        licence="ODC-BY",
        size="1,327 pools of six, 11 MB",
        purpose="three right and three wrong responses of growing ornament: style against content",
        source="README of THU-KEG/RM-Bench; licence and file: its page on the hub",
        remote=Remote(("total_dataset.json",), repository="THU-KEG/RM-Bench"),
    ),
    _judgebench("gpt"),
    _judgebench("claude"),
    _llmbar(
        "llmbar-natural",
        ("Natural/dataset.json",),
        size="100 pairs, 0.1 MB",
        purpose="instruction following with a preference that people agree on",
    ),
    _llmbar(
        "llmbar-adversarial",
        tuple(f"Adversarial/{part}/dataset.json" for part in ADVERSARIAL),
        size="319 pairs",
        purpose="pairs whose worse output looks better",
    ),
    Entry(
        name="gsm8k-solutions",
        kind="pools",
        licence="MIT",
        size="1,319 pools of four, 2.6 MB",
        purpose="the GSM8K test problems with solutions of four GPT-3 systems, each labelled",
        source="openai/grade-school-math: example_model_solutions.jsonl, view_model_solutions.py",
        remote=Remote(
            ("example_model_solutions.jsonl",),
            urls=(GRADE_SCHOOL + "example_model_solutions.jsonl",),
        ),
        read=gsm8k_solutions,
    ),
    Entry(
        name="rewardmath",
        kind="pools",
        licence="MIT (its repository's; the hub's card was not found)",
        size="483 pools of ten",
        purpose="one right solution of a MATH problem against nine wrong ones",
        source="columns: kimsh0507/RewardMATH_official, dataset/benchmark/RewardMATH_direct.json, "
        "a sample of the hub's; the names of the hub's files were not verified",
        remote=Remote(("*.parquet",), repository="RewardMATH/RewardMATH"),
        read=rewardmath,
    ),
    Entry(
        name="processbench",
        kind="pools",
        licence="Apache-2.0",
        size="3,400 solutions, 8 MB",
        purpose="solutions whose first wrong step was marked; those of one problem make a pool",
        source="card of Qwen/ProcessBench on the hub",
        remote=Remote(
            ("gsm8k.json", "math.json", "olympiadbench.json", "omnimath.json"),
            repository="Qwen/ProcessBench",
        ),
        read=processbench,
    ),
    Entry(
        name="prm800k",
        kind="pools",
        licence="MIT",
        size="phase 2's test file, 12 MB",
        purpose="GPT-4 solutions of MATH problems with a process reward model's score",
        source="README of openai/prm800k; its LFS pointer gives the checksum",
        remote=Remote(
            ("phase2_test.jsonl",),
            urls=(
                "https://media.githubusercontent.com/media/openai/prm800k/"
                "00811d6de065642a6967b9017d4cee59550c0ef4/prm800k/data/phase2_test.jsonl",
            ),
            checksums={
                "phase2_test.jsonl": (
                    "6b172efa884ac8341a946dd82e06947c135b7254109fb3f7aa907c715d98aaad"
                )
            },
        ),
        read=prm800k,
    ),
    Entry(
        name="jetts",
        kind="pools",
        licence="CC BY-NC 4.0",
        size="143 MB packed, 650 MB unpacked",
        purpose="up to ten responses a query in mathematics, code and instruction following",
        source="files, up to ten responses with scores: README of "
        "SalesforceAIResearch/jetts-benchmark, with its licence; columns not verified in the files "
        "themselves, but as Qwen-Applications/Skill-RM reads them",
        remote=Remote(
            ("*.jsonl",),
            urls=(
                "https://storage.googleapis.com/sfr-jetts-benchmark-data/"
                "reranking_and_refinement.tar.gz",
            ),
            archive=True,
        ),
        read=jetts,
    ),
    Entry(
        name="pairjudge-432k",
        kind="pools",
        licence="not stated on its page",
        size="432,000 judgments, 3.45 GB",
        purpose="what PairJudge RM was trained on: for 'pairjudge-lab train', not for pools",
        source="files: THU-KEG/PairJudge-432K on the hub; columns not verified",
        remote=Remote(("combined_training_data.json",), repository="THU-KEG/PairJudge-432K"),
        read=not_pools,
    ),
)
"""The pools and pairs that are known by name."""
