"""Weights that another library will load, looked at before it does.

vLLM and SGLang load weights themselves and do not tell what was missing. So the files are held
against the model that its configuration describes, without memory for a weight, and their numbers
are read once.
"""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pairjudge_lab.engines.sources import Readable, Source, model_folder
from pairjudge_lab.engines.weights import check_loading, some_names
from pairjudge_lab.records import UserError


def check_files(source: Source) -> None:
    """Refuse a model whose files are not whole, before an engine loads it.

    Names and shapes are compared where transformers knows the architecture, the weights are not
    quantized, and accelerate is installed; otherwise that is logged, and the index and the numbers
    alone are looked at.

    Parameters
    ----------
    source : Source

    Raises
    ------
    UserError
        When weights are missing, are left over, are of another shape, or hold values that are no
        numbers; with their names.
    """
    with Readable(source.spec):
        folder = Path(model_folder(source))
        kind = _known_kind(folder)
    check_index(source.spec, folder)
    if kind is None:
        logging.getLogger(__name__).warning(
            "%s: the names of its weights cannot be compared with its configuration here (they are "
            "quantized, transformers does not know the model, or accelerate is not installed)",
            source.spec,
        )
    else:
        with Readable(source.spec):
            _, told = kind.from_pretrained(
                str(folder),
                device_map={"": "meta"},
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        check_loading(source.spec, told)
    check_stored_numbers(source.spec, folder)


def check_index(spec: str, folder: Path) -> None:
    """Refuse a folder whose index names weights that are not in its files.

    Raises
    ------
    UserError
        With the names.
    """
    file = folder / "model.safetensors.index.json"
    if not file.is_file():
        return
    from safetensors import safe_open

    with Readable(spec):
        listed = json.loads(file.read_text("utf-8"))["weight_map"]
        held: set[tuple[str, str]] = set()
        for name in sorted(set(listed.values())):
            # A name of the index is a file of the folder, and no path.
            if Path(name).name != name:
                raise UserError(f"{file}: {name!r:.80} is not the name of a file in the folder")
            with safe_open(folder / name, framework="pt") as weights:
                held.update((weight, name) for weight in weights.keys())  # noqa: SIM118
    absent = sorted(weight for weight, name in listed.items() if (weight, name) not in held)
    if absent:
        raise UserError(
            f"{spec}: {len(absent)} weights are missing from the files that the index names: "
            f"{some_names(absent)}; fetch them again"
        )


def check_stored_numbers(spec: str, folder: Path) -> None:
    """Refuse a folder with a weight that is not a finite number, one weight in memory at a time.

    Raises
    ------
    UserError
        With the names of those weights.
    """
    import torch
    from safetensors import safe_open

    broken = []
    with Readable(spec):
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as weights:
                for name in weights.keys():  # noqa: SIM118
                    weight = weights.get_tensor(name)
                    # Types of one byte have no infinity, or are no numbers by themselves.
                    plain = weight.is_floating_point() and weight.element_size() > 1
                    if plain and not bool(torch.isfinite(weight).all()):
                        broken.append(name)
    if broken:
        raise UserError(
            f"{spec}: {len(broken)} weights hold values that are no numbers: {some_names(broken)}; "
            "the files are damaged; fetch them again"
        )


def _known_kind(folder: Path) -> Any:
    """The class of transformers for a model folder; None where names cannot be compared."""
    import transformers

    try:
        # Not said, transformers asks at the terminal whether to run the folder's own code.
        config = transformers.AutoConfig.from_pretrained(str(folder), trust_remote_code=False)
    except ValueError:
        # A kind with code of its own: the engine loads it, or refuses to.
        return None
    names = getattr(config, "architectures", None) or [""]
    if getattr(config, "quantization_config", None) is not None or not find_spec("accelerate"):
        return None
    kind = getattr(transformers, str(names[0]), None)
    return kind if hasattr(kind, "from_pretrained") else None
