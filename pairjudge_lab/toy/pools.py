"""The small world's pools: problems, and solutions that the solver samples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pairjudge_lab.answers import prepare
from pairjudge_lab.progress import Progress
from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.toy.chains import (
    Chain,
    parse_chain,
    random_chain,
    write_solution,
    write_wrong_solution,
)
from pairjudge_lab.toy.examples import solver_prompt


def distinct_chains(count: int, seed: int, *, held_out: bool) -> list[Chain]:
    """Different chains from the trained or the held-out part, always the same for a seed."""
    rng = np.random.default_rng([seed, 3, int(held_out)])
    found: dict[str, Chain] = {}
    while len(found) < count:
        chain = random_chain(rng, held_out=held_out)
        found.setdefault(chain.question, chain)
    return list(found.values())


def make_pools(chains: list[Chain], solutions: list[list[str]]) -> list[Pool]:
    """Pools of sampled solutions, with the answers found and marked."""
    return [
        prepare(
            Pool(
                Problem(f"chain-{i:03}", chain.question, str(chain.answer)),
                tuple(Candidate(text, source="tiny-solver") for text in texts),
            )
        )
        for i, (chain, texts) in enumerate(zip(chains, solutions, strict=True))
    ]


def read_samples(path: Path) -> list[tuple[str, list[str]]]:
    with path.open() as lines:
        rows = map(json.loads, lines)
        return [(row["problem"], row["solutions"]) for row in rows]


def training_pools(samples: list[tuple[str, list[str]]], *, planted: int, seed: int) -> list[Pool]:
    """Pools of the solver's own samples, and ``planted`` more of right solutions and planted
    mistakes: eight candidates each."""
    rng = np.random.default_rng([seed, 4])
    chains = [parse_chain(question) for question, _ in samples]
    solutions = [texts for _, texts in samples]
    for _ in range(planted):
        chain = random_chain(rng, held_out=False)
        chains.append(chain)
        solutions.append(
            [
                write_solution(chain) if rng.random() < 0.5 else write_wrong_solution(chain, rng)
                for _ in range(8)
            ]
        )
    return make_pools(chains, solutions)


def sample_solutions(
    folder: Path, questions: list[str], *, per_question: int, temperature: float, seed: int
) -> list[list[str]]:
    """Sample ``per_question`` solutions for each question from a saved solver."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    torch.manual_seed(seed)
    out: list[list[str]] = []
    group = max(1, 512 // per_question)
    batches = range(0, len(questions), group)
    for begin in Progress(len(batches), "batches").over(batches):
        some = questions[begin : begin + group]
        prompts = [solver_prompt(q) for q in some for _ in range(per_question)]
        inputs = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
        with torch.inference_mode():
            ids = model.generate(
                input_ids=inputs.input_ids,
                attention_mask=inputs.attention_mask,
                do_sample=True,
                temperature=temperature,
                top_k=0,
                top_p=1.0,
                max_new_tokens=80,
            )
        texts = tokenizer.batch_decode(
            ids[:, inputs.input_ids.shape[1] :], skip_special_tokens=True
        )
        out += [texts[i * per_question : (i + 1) * per_question] for i in range(len(some))]
    return out
