"""The small world's models: how one is begun, trained and published."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pairjudge_lab.judges.choosing import PROTOCOL_FILE, TEMPLATE_FILE
from pairjudge_lab.toy.examples import Example, planted_example, solver_example


def build_tokenizer(seed: int) -> Any:
    from pairjudge_lab.toy.tokenizer import train_tokenizer

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
