"""How much memory a model's weights will take, known before anything is loaded."""

from __future__ import annotations

import struct
from pathlib import Path

from pairjudge_lab.files.reading import parse_json, regular_file
from pairjudge_lab.records import UserError

GB = 1e9
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
OVERHEAD = 1.15
"""Weights times this must fit: activations and a first batch need their share."""


def count_parameters(folder: Path) -> int:
    """Parameters in a local folder's safetensors files, read from their headers alone.

    Raises
    ------
    UserError
        When there is no safetensors file, or one is broken.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickles = [p.name for p in (*folder.glob("*.bin"), *folder.glob("*.pt"))]
        found = (
            f"; it has {', '.join(pickles)}, which is not loaded because it can run code"
            if pickles
            else ""
        )
        raise UserError(f"{folder} has no .safetensors file{found}")
    return sum(_count_file(regular_file(file)) for file in files)


def _count_file(file: Path) -> int:
    total = 0
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > 100_000_000:
                raise ValueError("its header is too long")
            header = parse_json(stream.read(length).decode(), "its header")
        for name, tensor in header.items():
            if name != "__metadata__":
                begin, end = tensor["data_offsets"]
                if not 0 <= begin <= end <= file.stat().st_size:
                    raise ValueError(f"the tensor {name!r:.80} lies outside the file")
                total += (end - begin) // _BYTES.get(tensor["dtype"], 1)
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, struct.error, UserError,
    ) as problem:  # fmt: skip
        said = " ".join(str(problem).split())[:200]
        raise UserError(f"{file} is not a sound safetensors file: {said}") from None
    return total


def count_hub_parameters(repository: str, revision: str | None) -> int | None:
    """Parameters of a model on the hub, from its safetensors headers; None where it has none."""
    from huggingface_hub import get_safetensors_metadata
    from huggingface_hub.errors import NotASafetensorsRepoError, SafetensorsParsingError

    try:
        metadata = get_safetensors_metadata(repository, revision=revision)
    except (NotASafetensorsRepoError, SafetensorsParsingError):
        return None
    return int(sum(metadata.parameter_count.values()))


def free_memory(device: str) -> int:
    """Bytes free on ``cpu``, ``mps`` or ``cuda``; all visible GPUs together."""
    if device == "cuda":
        import torch

        return sum(torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count()))
    import psutil

    return int(psutil.virtual_memory().available)


def check_fit(spec: str, parameters: int, bytes_each: float, device: str) -> None:
    """Refuse a model that cannot fit, with the numbers and what would.

    Raises
    ------
    UserError
        When weights and overhead pass the free memory.
    """
    need, free = parameters * bytes_each * OVERHEAD, free_memory(device)
    if need <= free:
        return
    options = {"--dtype bfloat16": 2.0}
    if device == "cuda":
        options |= {"--quantisation 8bit": 1.0, "--quantisation 4bit": 0.55}
    sizes = {
        name: parameters * size * OVERHEAD for name, size in options.items() if size < bytes_each
    }
    fitting = [
        f"{name} ({need_it / GB:.1f} GB)" for name, need_it in sizes.items() if need_it <= free
    ]
    advice = (
        f"what would fit: {', '.join(fitting)}"
        if fitting
        else "nothing would make it fit here; use a machine with more memory or a smaller model"
    )
    raise UserError(
        f"{spec} has {parameters / 1e9:.2f} billion parameters and needs {need / GB:.1f} GB at "
        f"{bytes_each:g} bytes each, overhead included; {device} has {free / GB:.1f} GB free; "
        f"{advice}"
    )


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    import torch

    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(problem)
    return "out of memory" in text or "can't allocate memory" in text


def release_memory() -> None:
    """Give back what nothing refers to any more."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
