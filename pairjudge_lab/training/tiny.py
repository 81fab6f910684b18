"""The small world's models and pools, from nothing: what a judge is made from.

    python -m pairjudge_lab.training.tiny solver --out build/solver --stop-at 875
    python -m pairjudge_lab.training.tiny solver --out build/base --stop-at 1250
    python -m pairjudge_lab.training.tiny start --base build/base --out build/start
    python -m pairjudge_lab.training.tiny samples --solver build/solver --out build/samples.jsonl
    python -m pairjudge_lab.training.tiny problems --samples build/samples.jsonl \\
        --out build/problems.jsonl
    python -m pairjudge_lab.training.tiny publish --model build/judge --out data/tiny-judge
    python -m pairjudge_lab.training.tiny pools --solver data/tiny-solver --out data/pools.parquet

The judge itself is made by ``pairjudge-lab annotate`` and ``pairjudge-lab train``, like any other
(``make judge``). Every batch is drawn from (seed, step), so a run that is killed and started again
goes on with the batches it would have seen. Nothing here touches the held-out tenth of the world.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pairjudge_lab.answers import prepare
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.judges.choosing import PROTOCOL_FILE, TEMPLATE_FILE
from pairjudge_lab.progress import Progress
from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.training.chains import (
    Chain,
    parse_chain,
    random_chain,
    write_judgment,
    write_solution,
    write_wrong_solution,
)
from pairjudge_lab.training.teacher import PAIRWISE

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


def build_tokenizer(seed: int) -> Any:
    from pairjudge_lab.training.tiny_tokenizer import train_tokenizer

    rng = np.random.default_rng([seed, 1])
    texts = []
    for _ in range(4000):
        texts.append("".join(solver_example(rng)))
        texts.append("".join(planted_example(rng)))
    return train_tokenizer(texts)


def new_model(vocab_size: int, seed: int) -> Any:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=vocab_size,
        hidden_size=144,
        intermediate_size=432,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
    )
    return Qwen2ForCausalLM(config)


def _batch(tokenizer: Any, examples: list[Example]) -> tuple[Any, Any]:
    """Right-padded ids and labels, -100 outside the completion."""
    import torch

    prompts = tokenizer([p for p, _ in examples], add_special_tokens=False).input_ids
    completions = tokenizer([c for _, c in examples], add_special_tokens=False).input_ids
    width = max(len(p) + len(c) for p, c in zip(prompts, completions, strict=True))
    ids = torch.zeros(len(examples), width, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        labels[row, len(prompt) : end] = torch.tensor(completion)
    return ids, labels


def train(
    model: Any,
    tokenizer: Any,
    draw: Callable[[np.random.Generator], Example],
    *,
    out: Path,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    stop_at: int | None = None,
    save_every: int = 250,
) -> None:
    """Train with AdamW, linear warm-up, and a linear decay to a tenth over the last three tenths.

    A checkpoint every ``save_every`` steps makes the run resumable; the finished model is saved
    to ``out``. ``stop_at`` ends the run early without changing its schedule: a way to make a model
    that still errs.
    """
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(), lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, begin = out / "checkpoint.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        begin = state["step"]
        print(f"going on from step {begin}", flush=True)
    model.train()
    clock, seen, losses = time.perf_counter(), 0, []
    for step in range(begin, stop_at or steps):
        fade = min(1.0, 0.1 + 0.9 * (steps - step) / (0.3 * steps))
        rate = learning_rate * min(1.0, (step + 1) / 100) * fade
        for group in optimizer.param_groups:
            group["lr"] = rate
        rng = np.random.default_rng([seed, 2, step])
        # Batches of like length waste little on padding.
        drawn = sorted((draw(rng) for _ in range(batch_size)), key=lambda e: len(e[0]) + len(e[1]))
        for part in range(0, batch_size, 16):
            ids, labels = _batch(tokenizer, drawn[part : part + 16])
            with torch.autocast("cpu", torch.bfloat16):
                hidden = model.model(input_ids=ids).last_hidden_state
                wanted = labels[:, 1:] != -100
                logits = model.lm_head(hidden[:, :-1][wanted])
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted])
            (loss * 16 / batch_size).backward()  # type: ignore[no-untyped-call]
            losses.append(float(loss.detach()))
            seen += ids.numel()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 50 == 0:
            spent = time.perf_counter() - clock
            print(
                f"step {step + 1}/{steps} loss {np.mean(losses):.4f} {seen / spent:.0f} tokens/s",
                flush=True,
            )
            losses.clear()
        if (step + 1) % save_every == 0:
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step + 1,
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
    if not math.isfinite(float(np.mean(losses or [0.0]))):
        raise RuntimeError(
            "the loss is not finite; lower --learning-rate and start in a new folder"
        )
    model.eval()
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


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


WORDS = (
    ", says ", ", wrong\n", "Response\n", "<response>\n", "\n</response>", "<resp_judge>",
    "</resp_judge>",
)  # fmt: skip
"""The words of a check, which no solution holds."""


def start_judge(base: Path, out: Path, seed: int) -> None:
    """What a judge, or its rival, begins from: the solver with the words of a check added."""
    import torch
    from tokenizers import AddedToken
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base)
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in WORDS])
    torch.manual_seed(seed)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


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


def publish(folder: Path, out: Path) -> None:
    """Copy a trained model without its checkpoint, in bfloat16: half the size."""
    import shutil

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)
    for name in (TEMPLATE_FILE, PROTOCOL_FILE):
        if (folder / name).exists():
            shutil.copy(folder / name, out)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pairjudge_lab.training.tiny", description=__doc__
    )
    stages = parser.add_subparsers(dest="stage", required=True)
    stage = stages.add_parser("solver")
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--steps", type=int, default=1400)
    stage.add_argument("--stop-at", type=int, default=875)
    stage.add_argument("--batch-size", type=int, default=128)
    stage.add_argument("--learning-rate", type=float, default=2e-3)
    stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("start")
    stage.add_argument("--base", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("problems")
    stage.add_argument("--samples", type=Path, required=True)
    stage.add_argument("--planted", type=int, default=1300)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--seed", type=int, default=0)
    for name, problems, each in (("samples", 4000, 8), ("pools", 200, 64)):
        stage = stages.add_parser(name)
        stage.add_argument("--solver", type=Path, required=True)
        stage.add_argument("--out", type=Path, required=True)
        stage.add_argument("--problems", type=int, default=problems)
        stage.add_argument("--per-problem", type=int, default=each)
        stage.add_argument("--temperature", type=float, default=1.0)
        stage.add_argument("--seed", type=int, default=0)
    stage = stages.add_parser("publish")
    stage.add_argument("--model", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    if args.stage == "publish":
        publish(args.model, args.out)
        return
    if args.stage == "start":
        start_judge(args.base, args.out, args.seed)
        return
    if args.stage == "problems":
        pools = training_pools(read_samples(args.samples), planted=args.planted, seed=args.seed)
        save_pools(pools, args.out)
        return
    if args.stage in ("samples", "pools"):
        held_out = args.stage == "pools"
        chains = distinct_chains(args.problems, args.seed, held_out=held_out)
        questions = [c.question for c in chains]
        solutions = sample_solutions(
            args.solver,
            questions,
            per_question=args.per_problem,
            temperature=args.temperature,
            seed=args.seed,
        )
        if held_out:
            save_pools(make_pools(chains, solutions), args.out)
            return
        with args.out.open("w") as out:
            for question, texts in zip(questions, solutions, strict=True):
                out.write(json.dumps({"problem": question, "solutions": texts}) + "\n")
        return
    tokenizer = build_tokenizer(args.seed)
    train(
        new_model(len(tokenizer), args.seed),
        tokenizer,
        solver_example,
        out=args.out,
        steps=args.steps,
        stop_at=args.stop_at,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        seed=args.seed,
    )


if __name__ == "__main__":
    main()
