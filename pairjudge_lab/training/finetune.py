"""Training a judge, or a rival, from judgments: transformers' Trainer, on one device or many.

A run that is killed goes on from its last whole checkpoint with the rows it would have seen. What
matters of a judge is measured while it trains, on held-out pairs in both orders.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.transformers_engine import TransformersEngine
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.judges.choosing import PROTOCOL_FILE, TEMPLATE_FILE
from pairjudge_lab.judges.scalar import ResponseReader, ScalarJudge
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.progress import Progress
from pairjudge_lab.protocols import PairJudgeProtocol, PointwiseProtocol
from pairjudge_lab.protocols.control_strings import control_tokens
from pairjudge_lab.protocols.template import Template, read_template
from pairjudge_lab.records import Judge, UserError
from pairjudge_lab.training.audit import Audit, audit, held_out_pairs
from pairjudge_lab.training.encoding import Encoder, Sorted, collate, collate_pairs, encoded
from pairjudge_lab.training.judgments import Judgment, read_folder, read_hub, read_judgments
from pairjudge_lab.training.recipes import Recipe
from pairjudge_lab.training.starting import check_data, find_base
from pairjudge_lab.training.trainer_progress import progress_callback
from pairjudge_lab.training.training_card import training_card
from pairjudge_lab.transformers_names import checkpointing_name, sharding

if TYPE_CHECKING:
    from datasets import Dataset

HISTORY = "history.jsonl"


@naming_extras()
def train(
    base: str, data: str, out: Path, recipe: Recipe, *, progress: bool | Path = False
) -> Path:
    """Train, or go on training, and leave a folder that ``load_judge`` opens.

    Args:
        base: a chat model: ``tiny``, a folder, or a hub id.
        data: a folder that ``annotate`` wrote, a JSON or JSONL file of judgments, or a dataset on
            the hub.
        out: gets the model, its wording, a card, ``history.jsonl``, and while it lasts checkpoints.
        recipe: how.
        progress: whether to show how far it is; a path is a log file that gets it as well.

    Raises:
        UserError: bad data, a base without a chat template, a batch that cannot be divided, or a
            folder that holds another run.
    """
    check_data(data)
    run = _Run(find_base(base), data, out, recipe)
    trainer = run.trainer()
    clock = time.perf_counter()
    with Progress(run.end(), "steps", progress if run.state.is_main_process else False) as bar:
        trainer.add_callback(progress_callback(bar))
        trainer.train(resume_from_checkpoint=run.checkpoint())
    run.finish(trainer, time.perf_counter() - clock)
    run.state.wait_for_everyone()
    return out


class _Run:
    def __init__(self, base: str, data: str, out: Path, recipe: Recipe) -> None:
        from accelerate import PartialState

        self.base, self.data, self.out, self.recipe = base, data, out, recipe
        self.template = _template(Path(data), recipe.kind)
        self.state = PartialState(cpu=not _has_gpu())
        recipe.accumulation(self.state.num_processes)
        self.out.mkdir(parents=True, exist_ok=True)
        self._remember()
        self.tokenizer = _tokenizer(base)
        with self.state.main_process_first():
            self.rows, self.left_out = self._rows()
        pairs = _judgments(data, "held_out")
        self.pairs = held_out_pairs(pairs, recipe.held_out_pairs) if pairs is not None else []

    def _remember(self) -> None:
        """Note what the run is; a folder is for one run."""
        note = self.out / "run.json"
        told: dict[str, Any] = {"base": self.base, "data": self.data}
        told["recipe"] = asdict(self.recipe)
        if note.exists():
            found = json.loads(note.read_text())
            # How far a run goes may be changed; what it is may not.
            loose = ("max_steps", "save_every", "device_batch")
            both = [{**x, "recipe": {k: v for k, v in x["recipe"].items() if k not in loose}}
                    for x in (found, told)]  # fmt: skip
            if both[0] != both[1]:
                raise UserError(
                    f"{self.out} holds another run ({note.name} says which); name another folder, "
                    "or remove that one"
                )
        if self.state.is_main_process:
            write_whole(note, json.dumps(told, indent=2) + "\n")

    def _rows(self) -> tuple[Dataset, dict[str, int]]:
        judgments = _judgments(self.data, "train")
        assert judgments is not None
        critiques = read_critiques(Path(self.data)) if self.recipe.kind == "pointwise" else None
        critic = PointwiseProtocol(self.template)
        kind, longest = self.recipe.kind, self.recipe.max_length
        encoder = Encoder(self.tokenizer, kind, longest, critiques, critic)
        signature = {
            "data": _signature(self.data),
            "kind": kind,
            "max_length": longest,
            "tokenizer": len(self.tokenizer),
            "base": self.base,
        }
        return encoded(encoder, judgments, self.out / "rows" / f"{kind}.arrow", signature)

    def trainer(self) -> Any:
        """transformers' Trainer, with our order of rows, our loss, and our reports."""
        from transformers import PrinterCallback

        recipe, devices = self.recipe, self.state.num_processes
        steps = self._steps()
        settings = _arguments(self.out / "checkpoints", recipe, devices, steps)
        pad = self.tokenizer.pad_token_id
        pairs = recipe.kind == "reward"
        trainer = _trainer_class()(
            model=self._model(),
            args=settings,
            train_dataset=self.rows,
            data_collator=lambda rows: (collate_pairs if pairs else collate)(rows, pad),
        )
        trainer.order = Sorted(
            self.rows["length"][:], recipe.device_batch, recipe.batch_size, recipe.seed
        )
        end = self.end()
        every = max(1, -(-end // recipe.evaluations)) if recipe.evaluations and self.pairs else 0
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_callback(self, trainer, every, end))
        return trainer

    def _steps(self) -> int:
        import math

        an_epoch = math.ceil(len(self.rows) / self.recipe.batch_size)
        return max(1, round(an_epoch * self.recipe.epochs))

    def end(self) -> int:
        """The step after which the run ends."""
        steps = self._steps()
        return min(self.recipe.max_steps or steps, steps)

    def checkpoint(self) -> str | None:
        """The last whole checkpoint; one that a kill left half written is taken away."""
        folders = sorted(
            (self.out / "checkpoints").glob("checkpoint-*"),
            key=lambda folder: int(folder.name.rpartition("-")[2]),
            reverse=True,
        )
        for folder in folders:
            try:
                # The trainer writes this file last.
                json.loads((folder / "trainer_state.json").read_text())
            except (OSError, ValueError):
                if self.state.is_main_process:
                    shutil.rmtree(folder, ignore_errors=True)
            else:
                return str(folder)
        return None

    def _model(self) -> Any:
        import torch
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

        recipe = self.recipe
        torch.manual_seed(recipe.seed)
        settings: dict[str, Any] = {
            "dtype": getattr(torch, recipe.dtype),
            "use_safetensors": True,
            "trust_remote_code": False,
        }
        if recipe.four_bit:
            settings["quantization_config"] = _four_bits()
        kind = AutoModelForCausalLM
        if recipe.kind == "reward":
            kind = AutoModelForSequenceClassification
            settings["num_labels"] = 1
        try:
            model = kind.from_pretrained(self.base, **settings)
        except (OSError, ValueError) as problem:
            first = (str(problem).strip().splitlines() or [""])[0]
            raise UserError(f"cannot load the base model {self.base!r}: {first}") from None
        model.config.pad_token_id = self.tokenizer.pad_token_id
        if len(self.tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(self.tokenizer))
        return with_adapters(model, recipe) if recipe.lora_rank else model

    def judge(self, model: Any) -> Judge:
        """The model as it stands, as a judge."""
        if self.recipe.kind == "reward":
            reader, pad = ResponseReader(self.tokenizer), self.tokenizer.pad_token_id
            return ScalarJudge("in training", model, pad, reader, "", ModelOptions())
        reserved = control_tokens(self.tokenizer)
        protocol: PairJudgeProtocol | PointwiseProtocol
        if self.recipe.kind == "pointwise":
            protocol = PointwiseProtocol(self.template, reserved)
        else:
            protocol = PairJudgeProtocol(self.template, reserved)
        engine = TransformersEngine("in training", model, self.tokenizer, "", rows=64)
        config = replace(protocol.generation, label_probabilities=True)
        return TextJudge("in training", engine, protocol, config)

    def audit(self, model: Any) -> Audit:
        """Judge the held-out pairs with the model as it stands."""
        import torch

        training = model.training
        model.eval()
        try:
            with torch.inference_mode():
                return audit(self.judge(model), self.pairs)
        finally:
            model.train(training)

    def finish(self, trainer: Any, seconds: float) -> None:
        """Save what was trained, in a folder that ``load_judge`` opens."""
        trainer.accelerator.wait_for_everyone()
        model = trainer.accelerator.unwrap_model(trainer.model)
        if self.recipe.fsdp:
            trainer.save_model(str(self.out / "whole"))
        if not self.state.is_main_process:
            return
        if self.recipe.lora_rank:
            model = self._merged(model)
        if not self.recipe.fsdp:
            model.config.use_cache = True
            model.save_pretrained(self.out)
        else:
            for file in (self.out / "whole").iterdir():
                file.replace(self.out / file.name)
        self.tokenizer.save_pretrained(self.out)
        if self.recipe.kind != "reward":
            name = "pointwise" if self.recipe.kind == "pointwise" else "pairjudge"
            write_whole(self.out / PROTOCOL_FILE, json.dumps({"protocol": name}) + "\n")
            if self.template:
                write_whole(self.out / TEMPLATE_FILE, self.template.text + "\n")
        history = trainer.state.log_history
        lines = "".join(json.dumps(entry) + "\n" for entry in history)
        write_whole(self.out / HISTORY, lines)
        told = {
            "base": self.base,
            "data": Path(self.data).name,
            "rows": len(self.rows),
            "left_out": self.left_out,
            "steps": trainer.state.global_step,
            "devices": self.state.num_processes,
            "seconds": seconds,
        }
        card = training_card(asdict(self.recipe), told, history)
        write_whole(self.out / "README.md", card)

    def _merged(self, model: Any) -> Any:
        """Adapters folded into weights; quantised ones are read again in full first."""
        if not self.recipe.four_bit:
            return model.merge_and_unload()
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        model.save_pretrained(self.out / "adapter")
        whole = AutoModelForCausalLM.from_pretrained(self.base, dtype=torch.bfloat16)
        return PeftModel.from_pretrained(whole, self.out / "adapter").merge_and_unload()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """What a run reported, in order: losses, and audits of the held-out pairs.

    Raises:
        UserError: when the folder holds no finished run.
    """
    path = folder / HISTORY
    if not path.is_file():
        raise UserError(f"{folder} holds no finished training run (no {HISTORY})")
    return [json.loads(line) for line in path.read_text().splitlines()]


def _judgments(data: str, split: str) -> Iterator[Judgment] | None:
    """The judgments of a split; None where the data has no held-out part."""
    path = Path(data)
    if path.is_dir():
        return read_folder(path, split)
    if split == "held_out":
        return None
    if path.suffix in (".json", ".jsonl") or path.exists():
        return read_judgments(path)
    return read_hub(data)


def read_critiques(folder: Path) -> dict[tuple[str, str], str]:
    """What a pointwise critic is to say, by question and response.

    Raises:
        UserError: when the folder holds none.
    """
    path = folder / "critiques.jsonl"
    if not path.is_file():
        raise UserError(
            f"{folder} holds no critiques.jsonl, which a pointwise critic is trained on; make it "
            "with 'pairjudge-lab annotate --critic SPEC'"
        )
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(row["question"], row["response"]): row["completion"] for row in rows}


def _template(folder: Path, kind: str) -> Template | None:
    """The wording that the data was made with; None where it does not say."""
    if kind == "pointwise":
        path = folder / "critic_template.md"
        return read_template(path, ("question", "response")) if path.is_file() else None
    path = folder / "template.md"
    return read_template(path) if path.is_file() else None


def _signature(data: str) -> Any:
    path = Path(data)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path] if path.exists() else []
    return [data, *((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)].__repr__()


def _tokenizer(base: str) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as problem:
        first = (str(problem).strip().splitlines() or [""])[0]
        raise UserError(f"cannot load the base model {base!r}: {first}") from None
    if not tokenizer.chat_template:
        raise UserError(
            f"the base model {base!r} has no chat template, so a judge made of it could not be "
            "asked; use a chat model, such as Qwen/Qwen2.5-7B-Instruct"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _four_bits() -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def with_adapters(model: Any, recipe: Recipe) -> Any:
    """The model with low-rank adapters on every linear layer, the rest of it frozen.

    Raises:
        UserError: where peft is not installed.
    """
    with naming_extras():
        from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    if recipe.four_bit:
        model = prepare_model_for_kbit_training(model)
    elif recipe.checkpointing:
        model.enable_input_require_grads()
    task = "SEQ_CLS" if recipe.kind == "reward" else "CAUSAL_LM"
    settings = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=2 * recipe.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type=task,
    )
    return get_peft_model(model, settings)


def _arguments(folder: Path, recipe: Recipe, devices: int, steps: int) -> Any:
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
        use_cpu=not _has_gpu(),
        logging_steps=max(1, min(10, end // 20)),
        save_steps=recipe.save_every,
        save_total_limit=2,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=_has_gpu(),
        disable_tqdm=True,
        seed=recipe.seed,
        ddp_find_unused_parameters=False if devices > 1 else None,
        **schedules[recipe.schedule],
        **sharing,
    )


def _trainer_class() -> Any:
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


def _callback(run: _Run, trainer: Any, every: int, end: int) -> Any:
    from transformers import TrainerCallback

    class Reports(TrainerCallback):  # type: ignore[misc,unused-ignore]
        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            last = state.global_step >= end
            if last and end < state.max_steps:
                # An early end is no other schedule.
                control.should_training_stop = control.should_save = True
            # Sharded weights cannot write on one device alone.
            due = every and not run.recipe.fsdp and (last or state.global_step % every == 0)
            if due and state.is_world_process_zero:
                found = run.audit(trainer.accelerator.unwrap_model(trainer.model))
                trainer.log(found.to_dict())

    return Reports()
