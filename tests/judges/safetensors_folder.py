"""A GGUF file as a folder of safetensors, which every engine loads.

    python -m tests.judges.safetensors_folder MODEL.gguf FOLDER

``save_pretrained`` of a model that was read from GGUF fails, so its weights go into a new one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def write_folder(gguf: Path, folder: Path, **config: Any) -> Path:
    """Write the model of ``gguf`` to ``folder`` in float32, with other values in its config."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = {"gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **where)
    read = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **where)
    told = {**read.config.to_dict(), **config}
    told.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(type(read.config).from_dict(told))
    model.load_state_dict(read.state_dict())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    write_folder(Path(sys.argv[1]), Path(sys.argv[2]))
