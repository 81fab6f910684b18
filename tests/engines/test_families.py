"""Families of models whose layers differ: batches with rows that come and go write what the
library's own ``generate`` writes for each prompt alone."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM as Models
from transformers import AutoTokenizer, Gemma2Config, LlamaConfig, MistralConfig, Qwen3Config

from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.contract import Request, generate
from pairjudge_lab.engines.transformers_engine import TransformersEngine
from pairjudge_lab.generation import GenerationConfig

SHAPE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512, "pad_token_id": 0,
    "eos_token_id": None, "bos_token_id": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        LlamaConfig(**SHAPE),
        MistralConfig(**SHAPE, sliding_window=16),
        Gemma2Config(**SHAPE, sliding_window=16),
        Qwen3Config(**SHAPE, use_sliding_window=True, sliding_window=16, max_window_layers=2),
    ],
    ids=lambda config: config.model_type,
)
def test_it_writes_what_generate_writes(config):
    tokenizer = AutoTokenizer.from_pretrained(data_path("tiny-judge"))
    config.vocab_size = len(tokenizer)
    torch.manual_seed(0)
    model = Models.from_config(config, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = -1
    tokenizer.eos_token = None
    engine = TransformersEngine("random", model, tokenizer, "", rows=3)
    rng = np.random.default_rng(0)
    words = [" ".join(map(str, rng.integers(0, 99, n))) for n in (3, 40, 12, 25, 7, 60, 9)]
    requests = [Request((("user", text),)) for text in words]
    settings = GenerationConfig(max_new_tokens=24)
    done = generate(engine, requests, settings)
    for request, own in zip(requests, done, strict=True):
        prompt = list(engine.encoder.encode(request, settings).ids)
        ids = model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=24,
        )[0, len(prompt) :]
        assert own.text == tokenizer.decode(ids, skip_special_tokens=True)
        assert own.completion_tokens == 24
