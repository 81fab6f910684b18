"""On a GPU: one LoRA step of a 7B-sized model at 4,096 tokens, against transformers' bare loop.

    python benchmarks/lora_step.py                                  # Qwen2.5-7B's shape, 15 GB
    python benchmarks/lora_step.py --layers 2 --small --tokens 256 --steps 3   # a dry run

Random weights: a step costs the same. Ours is ``pairjudge-lab train``'s own trainer on rows of that
length, of which a quarter is the answer; the bare loop takes the same rows, model and optimiser,
and computes logits and loss over every position, as a plain training loop does. Each runs in turn.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import time
from typing import Any

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from pairjudge_lab.training.base_models import with_adapters
from pairjudge_lab.training.encoding import collate
from pairjudge_lab.training.recipes import recipe


def build(args: argparse.Namespace, device: str) -> Any:
    shape = (
        {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 4, "vocab_size": 1000}
        if args.small
        else {
            "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28,
            "vocab_size": 152064,
        }
    )  # fmt: skip
    config = Qwen2Config(
        **shape, num_hidden_layers=args.layers, num_key_value_heads=4, use_cache=False,
        max_position_embeddings=8192, tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        model = Qwen2ForCausalLM._from_config(config, dtype=torch.bfloat16)
    chosen = recipe("lora", seed=0)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    return with_adapters(model, chosen).train()


def step(model: Any, batch: dict[str, Any], optimiser: Any) -> float:
    loss = model(**batch).loss
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return float(loss.detach())


def measure(name: str, model: Any, batches: list[dict[str, Any]], steps: int, device: str) -> float:
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    step(model, batches[0], optimiser)
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    clock = time.perf_counter()
    losses = [step(model, batches[i % len(batches)], optimiser) for i in range(steps)]
    spent = time.perf_counter() - clock
    tokens = sum(int(batches[i % len(batches)]["attention_mask"].sum()) for i in range(steps))
    peak = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else float("nan")
    rate = f"{name:12} {tokens / spent:10.0f} tokens/s"
    print(f"{rate}   peak {peak:6.1f} GB   last loss {losses[-1]:.3f}")
    return tokens / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not args.small:
        sys.exit("a 7B-sized step needs a GPU; --small --layers 2 --tokens 256 runs anywhere")
    model = build(args, device)
    draw = torch.Generator().manual_seed(1)
    rows = [
        {
            "ids": torch.randint(0, 1000, (args.tokens,), generator=draw).tolist(),
            "answer": args.tokens // 4,
        }
        for _ in range(4 * args.rows)
    ]
    parts = [rows[i : i + args.rows] for i in range(0, len(rows), args.rows)]
    ours, bare = [], []
    for part in parts:
        ours.append(
            {k: v.to(device) if hasattr(v, "to") else v for k, v in collate(part, 0).items()}
        )
        ids = torch.tensor([row["ids"] for row in part], device=device)
        labels = ids.clone()
        labels[:, : -part[0]["answer"]] = -100
        bare.append({"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels})
    first = measure("this lab", model, ours, args.steps, device)
    second = measure("bare loop", model, bare, args.steps, device)
    print(f"ratio {first / second:.2f} on {device}, {args.tokens} tokens a row")


if __name__ == "__main__":
    main()
