"""Training a judge, or a rival, from judgments: transformers' Trainer, on one device or many.

A run that is killed goes on from its last whole checkpoint with the rows it would have seen. What
matters of a judge is measured while it trains, on held-out pairs in both orders.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.sources import Readable
from pairjudge_lab.engines.transformers_engine import TransformersEngine
from pairjudge_lab.engines.weights import check_loading, check_numbers
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.notes import note_lines, read_note
from pairjudge_lab.files.reading import parse_json, read_text
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.judges.choosing import PROTOCOL_FILE, TEMPLATE_FILE
from pairjudge_lab.judges.response_readers import ResponseReader
from pairjudge_lab.judges.scalar import ScalarJudge
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.progress import Progress
from pairjudge_lab.protocols import PairJudgeProtocol, PointwiseProtocol
from pairjudge_lab.protocols.control_strings import control_tokens
from pairjudge_lab.records import Judge, UserError
from pairjudge_lab.training.audit import Audit, audit, held_out_pairs
from pairjudge_lab.training.base_models import (
    four_bits,
    has_gpu,
    load_tokenizer,
    tokenizer_digest,
    with_adapters,
)
from pairjudge_lab.training.encoding import Encoder, Sorted, collate, collate_pairs, encoded
from pairjudge_lab.training.recipes import Recipe
from pairjudge_lab.training.run_data import (
    check_held_out,
    contents_digest,
    data_signature,
    judgments_of,
    read_critiques,
    template_of,
)
from pairjudge_lab.training.starting import check_data, find_base
from pairjudge_lab.training.trainer import trainer_class, training_arguments
from pairjudge_lab.training.trainer_progress import progress_callback
from pairjudge_lab.training.training_card import training_card

if TYPE_CHECKING:
    from datasets import Dataset

HISTORY = "history.jsonl"


@naming_extras()
def train(
    base: str, data: str, out: Path, recipe: Recipe, *, progress: bool | Path = False
) -> Path:
    """Train, or go on training, and leave a folder that ``load_judge`` opens.

    Parameters
    ----------
    base : str
        A chat model: ``tiny``, a folder, or a hub id.
    data : str
        A folder that ``annotate`` wrote, a JSON or JSONL file of judgments, or a dataset on the
        hub.
    out : Path
        Gets the model, its wording, a card, ``history.jsonl``, and while it lasts checkpoints.
    recipe : Recipe
        How.
    progress : bool or Path
        Whether to show how far it is; a path is a log file that gets it as well.

    Raises
    ------
    UserError
        Bad data, a base without a chat template, a batch that cannot be divided, or a folder that
        holds another run.
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
        self.template = template_of(Path(data), recipe.kind)
        self.state = PartialState(cpu=not has_gpu())
        recipe.accumulation(self.state.num_processes)
        self.out.mkdir(parents=True, exist_ok=True)
        self._remember()
        self.tokenizer = load_tokenizer(base)
        with self.state.main_process_first():
            self.rows, self.left_out = self._rows()
        pairs = judgments_of(data, "held_out")
        self.pairs = held_out_pairs(pairs, recipe.held_out_pairs) if pairs is not None else []
        check_held_out(data, self.pairs)

    def _remember(self) -> None:
        """Note what the run is; a folder is for one run."""
        note = self.out / "run.json"
        told: dict[str, Any] = {"base": self.base, "data": self.data}
        told["recipe"] = asdict(self.recipe)
        told["contents"] = contents_digest(self.data)
        if note.exists():
            found = read_note(note, {"base": str, "data": str, "recipe": dict})
            # How far a run goes may be changed; what it is may not.
            loose = ("max_steps", "save_every", "device_batch")
            # Version 0.1 did not note what the data held.
            found.setdefault("contents", told["contents"])
            both = [{**x, "recipe": {k: v for k, v in x["recipe"].items() if k not in loose}}
                    for x in (found, told)]  # fmt: skip
            if both[0] != both[1]:
                raise UserError(
                    f"{self.out} holds another run ({note.name} says which: the base, the recipe, "
                    "or what the data holds); name another folder, or remove that one"
                )
        if self.state.is_main_process:
            write_whole(note, json.dumps(told, indent=2) + "\n")

    def _rows(self) -> tuple[Dataset, dict[str, int]]:
        judgments = judgments_of(self.data, "train")
        assert judgments is not None
        critiques = read_critiques(Path(self.data)) if self.recipe.kind == "pointwise" else None
        critic = PointwiseProtocol(self.template)
        kind, longest = self.recipe.kind, self.recipe.max_length
        encoder = Encoder(self.tokenizer, kind, longest, critiques, critic)
        signature = {
            "data": data_signature(self.data),
            "kind": kind,
            "max_length": longest,
            "tokenizer": tokenizer_digest(self.tokenizer),
            "critic": critic.template.digest if critiques is not None else "",
            "base": self.base,
        }
        return encoded(encoder, judgments, self.out / "rows" / f"{kind}.arrow", signature)

    def trainer(self) -> Any:
        """transformers' Trainer, with our order of rows, our loss, and our reports."""
        from transformers import PrinterCallback

        recipe, devices = self.recipe, self.state.num_processes
        steps = self._steps()
        settings = training_arguments(self.out / "checkpoints", recipe, devices, steps)
        pad = self.tokenizer.pad_token_id
        pairs = recipe.kind == "reward"
        trainer = trainer_class()(
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
        found = (self.out / "checkpoints").glob("checkpoint-*")
        steps = {int(f.name[11:]): f for f in found if re.fullmatch("[0-9]{1,18}", f.name[11:])}
        for _, folder in sorted(steps.items(), reverse=True):
            try:
                # The trainer writes this file last.
                parse_json(read_text(folder / "trainer_state.json"), folder.name)
            except UserError:
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
            settings["quantization_config"] = four_bits()
        kind = AutoModelForCausalLM
        if recipe.kind == "reward":
            kind = AutoModelForSequenceClassification
            settings["num_labels"] = 1
        with Readable(self.base):
            model, told = kind.from_pretrained(self.base, output_loading_info=True, **settings)
        # The head of a reward model is new, and takes the place of the one that names tokens.
        new = ("score.", "lm_head.") if recipe.kind == "reward" else ()
        others = {k: [n for n in names if not str(n).startswith(new)] for k, names in told.items()}
        check_loading(self.base, others)
        if not recipe.four_bit:
            check_numbers(self.base, model)
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
        whole = AutoModelForCausalLM.from_pretrained(
            self.base, dtype=torch.bfloat16, use_safetensors=True, trust_remote_code=False
        )
        return PeftModel.from_pretrained(whole, self.out / "adapter").merge_and_unload()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """What a run reported, in order: losses, and audits of the held-out pairs.

    Raises
    ------
    UserError
        When the folder holds no finished run, or its reports are something else.
    """
    path = folder / HISTORY
    if not path.is_file():
        raise UserError(f"{folder} holds no finished training run (no {HISTORY})")
    return list(note_lines(path, {}))


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
