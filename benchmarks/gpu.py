"""On a GPU: the judge's decoding against the model card's loop and against static batches.

    python benchmarks/gpu.py                      # Qwen2.5-7B's shape, random weights, 15 GB
    python benchmarks/gpu.py --layers 2 --matches 8 --prompt 64 --new 16 --device cpu    # a dry run

Every match has about 1,000 prompt tokens and writes exactly 512: random weights never stop by
themselves, so all ways do the same work. Ways are measured in turn, in one run.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import time
from types import SimpleNamespace
from typing import Any

import numpy as np


def build(layers: int, device: str, small: bool) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    shape = (
        {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 4, "vocab_size": 1000}
        if small
        else {
            "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28,
            "vocab_size": 152064,
        }
    )  # fmt: skip
    config = Qwen2Config(
        **shape, num_hidden_layers=layers, num_key_value_heads=4, max_position_embeddings=4096,
        tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()


class Words:
    """A tokenizer whose prompts are lists of numbers; nothing here is text."""

    eos_token_id = None
    pad_token_id = 0
    chat_template = "none"
    all_special_ids: tuple[int, ...] = ()
    all_special_tokens: tuple[str, ...] = ()

    def __init__(self, prompts: list[list[int]]) -> None:
        self.prompts = prompts

    def apply_chat_template(self, said: list[dict[str, str]], **more: Any) -> str:
        return said[0]["content"]

    def __call__(self, text: str, **more: Any) -> Any:
        return SimpleNamespace(input_ids=self.prompts[int(text)])

    def decode(self, ids: list[int], **more: Any) -> str:
        return "x" * len(ids)


def main() -> None:
    import torch

    from pairjudge_lab.engines.contract import Request, generate
    from pairjudge_lab.engines.transformers_engine import TransformersEngine
    from pairjudge_lab.generation import GenerationConfig

    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--matches", type=int, default=512)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--prompt", type=int, default=1000)
    parser.add_argument("--new", type=int, default=512)
    parser.add_argument("--shared", type=int, default=250, help="tokens all prompts begin with")
    parser.add_argument("--card-matches", type=int, default=4, help="the loop is slow")
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("no GPU is here; nothing is measured")
    model = build(args.layers, args.device, args.device == "cpu")
    rng = np.random.default_rng(0)
    head = rng.integers(1, 900, min(args.shared, args.prompt // 2)).tolist()
    rest = args.prompt - len(head)
    lengths = rng.integers(rest - rest // 10, rest + rest // 10 + 1, args.matches)
    prompts = [head + rng.integers(1, 900, n).tolist() for n in lengths]
    # Random weights must not stop, whatever they write.
    model.generation_config.eos_token_id = -1
    engine = TransformersEngine("random", model, Words(prompts), "", rows=args.batch)
    config = GenerationConfig(max_new_tokens=args.new, stop=("</resp_b_judge>",))

    def timed(work: Any) -> tuple[int, float]:
        if args.device == "cuda":
            torch.cuda.synchronize()
        clock = time.perf_counter()
        count = work()
        if args.device == "cuda":
            torch.cuda.synchronize()
        return count, time.perf_counter() - clock

    def card() -> int:
        for prompt in prompts[: args.card_matches]:
            ids = torch.tensor([prompt], device=model.device)
            model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=args.new,
                min_new_tokens=args.new, do_sample=False, pad_token_id=0,
            )  # fmt: skip
        return args.card_matches * args.new

    def batches() -> list[list[list[int]]]:
        order = sorted(prompts, key=len)
        return [order[i : i + args.batch] for i in range(0, len(order), args.batch)]

    def flat() -> int:
        for some in batches():
            width = max(map(len, some))
            ids = torch.tensor([[0] * (width - len(p)) + p for p in some], device=model.device)
            mask = torch.tensor(
                [[0] * (width - len(p)) + [1] * len(p) for p in some], device=model.device
            )
            model.generate(
                ids, attention_mask=mask, max_new_tokens=args.new, min_new_tokens=args.new,
                do_sample=False, pad_token_id=0,
            )  # fmt: skip
        return len(prompts) * args.new

    def ours() -> int:
        requests = [Request((("user", str(number)),)) for number in range(len(prompts))]
        return sum(done.completion_tokens for done in generate(engine, requests, config))

    flat_way, our_way, card_way = timed(flat), timed(ours), timed(card)
    rates = {
        name: count / seconds
        for name, (count, seconds) in (
            ("the model card's loop, one at a time", card_way),
            ("generate, static batches", flat_way),
            ("this lab", our_way),
        )
    }
    for name, rate in rates.items():
        print(f"{name:38} {rate:10.1f} new tokens/s")
    names = list(rates)
    print(f"this lab / the card's loop: {rates[names[2]] / rates[names[0]]:.2f}")
    print(f"this lab / generate's batches: {rates[names[2]] / rates[names[1]]:.2f}")
    if args.device == "cuda":
        print(f"peak memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
