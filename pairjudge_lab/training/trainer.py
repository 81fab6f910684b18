"""transformers' Trainer for a judge: its settings, the order of rows, and the loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pairjudge_lab.training.base_models import has_gpu
from pairjudge_lab.training.encoding import Sorted
from pairjudge_lab.training.recipes import Recipe
from pairjudge_lab.transformers_names import checkpointing_name, sharding


def training_arguments(folder: Path, recipe: Recipe, devices: int, steps: int) -> Any:
    from transformers import TrainingArguments

    end = min(recipe.max_steps or steps, steps)
    fade = {
        "lr_scheduler_type": "warmup_stable_decay",
        "lr_scheduler_kwargs": {
            "num_decay_steps": round(0.3 * steps),
            "min_lr_ratio": 0.1,
            "decay_type": "linear",
        },
    }
    schedules: dict[str, dict[str, Any]] = {
        "constant": {"lr_scheduler_type": "constant_with_warmup"},
        "linear": {"lr_scheduler_type": "linear"},
        "cosine": {"lr_scheduler_type": "cosine"},
        "fade": fade,
    }
    sharing: dict[str, Any] = {}
    if recipe.checkpointing:
        name = checkpointing_name()
        sharing = {name: True, f"{name}_kwargs": {"use_reentrant": False}}
    if recipe.fsdp:
        sharing |= {"fsdp": sharding(), "fsdp_config": {"state_dict_type": "FULL_STATE_DICT"}}
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=recipe.device_batch,
        gradient_accumulation_steps=recipe.accumulation(devices),
        num_train_epochs=recipe.epochs,
        max_steps=steps,
        learning_rate=recipe.learning_rate,
        adam_beta2=recipe.beta2,
        weight_decay=recipe.weight_decay,
        warmup_steps=min(recipe.warmup, steps),
        bf16=recipe.bf16,
        use_cpu=not has_gpu(),
        logging_steps=max(1, min(10, end // 20)),
        save_steps=recipe.save_every,
        save_total_limit=2,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=has_gpu(),
        disable_tqdm=True,
        seed=recipe.seed,
        ddp_find_unused_parameters=False if devices > 1 else None,
        **schedules[recipe.schedule],
        **sharing,
    )


def trainer_class() -> Any:
    from torch.nn.functional import logsigmoid
    from torch.utils.data import DataLoader
    from transformers import Trainer

    class JudgeTrainer(Trainer):  # type: ignore[misc,unused-ignore]
        """Rows in our order; for a reward model the Bradley-Terry loss of right against wrong."""

        order: Sorted

        def get_train_dataloader(self) -> Any:
            rows = DataLoader(
                self.train_dataset,
                batch_size=self.args.per_device_train_batch_size,
                sampler=self.order,
                collate_fn=self.data_collator,
                pin_memory=self.args.dataloader_pin_memory,
            )
            # Shares the batches among devices, and tells the order which epoch it is.
            return self.accelerator.prepare(rows)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, **more: Any
        ) -> Any:
            if "labels" in inputs:
                return super().compute_loss(model, inputs, return_outputs, **more)
            scores = model(**inputs).logits[:, 0].float()
            right, wrong = scores.chunk(2)
            loss = -logsigmoid(right - wrong).mean()
            return (loss, scores) if return_outputs else loss

    return JudgeTrainer
