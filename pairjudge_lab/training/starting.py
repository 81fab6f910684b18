"""What is checked before anything is loaded: that the data holds rows, and which model is meant."""

from __future__ import annotations

from pathlib import Path

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.sources import find_source, resolve
from pairjudge_lab.records import UserError
from pairjudge_lab.training.judgments import read_folder, read_judgments


def check_data(data: str) -> None:
    """Read the first judgment of a file or folder; a dataset on the hub is not asked for yet.

    Raises
    ------
    UserError
        When it is not there, empty, or of a layout that is not known.
    """
    path = Path(data)
    if path.is_dir():
        next(read_folder(path, "train"))
    elif path.suffix in (".json", ".jsonl") or path.exists():
        next(read_judgments(path))


def find_base(base: str) -> str:
    """Where the base model is, by the names that ``load_judge`` takes of models.

    Parameters
    ----------
    base : str
        ``tiny``, a folder with a model, or the id of a model on the Hugging Face hub.

    Returns
    -------
    str
        A folder or a hub id, as transformers takes it.

    Raises
    ------
    UserError
        When it names no model that can be trained.
    """
    path = Path(base).expanduser()
    if path.suffix == ".gguf":
        raise UserError(
            f"{base} is a GGUF file, whose weights are for inference; train from a folder with "
            "safetensors"
        )
    try:
        found = resolve(base)
    except UserError:
        if path.is_dir():
            raise
        raise UserError(
            f"no model {base!r} to train; give 'tiny', a folder with config.json and safetensors, "
            "or a hub id such as Qwen/Qwen2.5-7B-Instruct"
        ) from None
    if found is not None:
        return str(found)
    try:
        # One question, where transformers would ask for every file, and again for a minute.
        find_source(base, ModelOptions())
    except UserError:
        if not _in_cache(base):
            raise
    return base


def _in_cache(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)
