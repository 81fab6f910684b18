"""A ranker of PairRM's kind: an encoder that reads both responses, and a head that scores each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pairjudge_lab.engines.sizes import check_sizes
from pairjudge_lab.engines.weights import check_numbers
from pairjudge_lab.records import UserError


def open_ranker(folder: Path) -> Any:
    """A ranker from a folder with safetensors, as its authors publish it for transformers.

    The module is ours, so no remote code runs: a DeBERTa encoder named ``pretrained_model`` and a
    two-layer head named ``head_layer`` over (question, response) states; scores of several tasks
    are averaged.

    Raises
    ------
    UserError
        When the weights are of another shape, or are no numbers.
    """
    import torch
    from safetensors.torch import load_file
    from torch import nn
    from transformers import DebertaV2Config, DebertaV2Model

    config = DebertaV2Config.from_pretrained(folder)

    class Ranker(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.config = config
            self.pretrained_model = DebertaV2Model(config)
            width = config.hidden_size
            self.head_layer = nn.Sequential(
                nn.Dropout(0.0),
                nn.Linear(2 * width, width),
                nn.Tanh(),
                nn.Dropout(0.0),
                nn.Linear(width, getattr(config, "n_tasks", 1)),
            )

        @property
        def device(self) -> torch.device:
            return next(self.parameters()).device

        @property
        def dtype(self) -> torch.dtype:
            return next(self.parameters()).dtype

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            """A function of (row, place of the question, place of a response) to a score."""
            read = self.pretrained_model(input_ids=input_ids, attention_mask=attention_mask)
            states = read.last_hidden_state

            def score(row: int, source: int, candidate: int) -> float:
                both = torch.cat([states[row, source], states[row, candidate]])
                with torch.inference_mode():
                    return float(self.head_layer(both).mean())

            return score

    weights: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        weights |= load_file(file)
    held = sum(one.numel() for one in weights.values())
    check_sizes(str(folder), held, Ranker)
    model = Ranker()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    left = [name for name in missing if "position_ids" not in name]
    if left or any(not name.endswith("position_ids") for name in unexpected):
        raise UserError(
            f"{folder} holds no ranker of PairRM's kind: {len(left)} weights are missing, "
            f"{len(unexpected)} are unknown"
        )
    check_numbers(str(folder), model)
    return model.eval()
