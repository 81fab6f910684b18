"""Opening a model of transformers as a judge: found, measured, and only then loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pairjudge_lab.judges.families import FAMILIES, SCORERS
from pairjudge_lab.judges.memory import check_fit, count_hub_parameters, count_parameters
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.judges.ranker import open_ranker
from pairjudge_lab.judges.scalar import (
    JointReader,
    Reader,
    ResponseReader,
    ScalarJudge,
    StepReader,
)
from pairjudge_lab.judges.transformers_judge import TransformersJudge
from pairjudge_lab.protocols import places, protocol
from pairjudge_lab.protocols.control_strings import control_tokens
from pairjudge_lab.protocols.template import Template, read_template
from pairjudge_lab.records import UserError

TEMPLATE_FILE = "judge_template.md"
"""A model folder may carry the wording it was trained with under this name."""

PROTOCOL_FILE = "judge.json"
"""And, under this one, the name of its protocol."""


def open_model(
    name: str, spec: str, path: Path | None, options: ModelOptions
) -> TransformersJudge | ScalarJudge:
    """Load a judge from a local folder or GGUF file (``path``), or from the hub (``spec``).

    Weights come from safetensors or GGUF only. ``name`` is what the judge is called in tables.

    Raises:
        UserError: no such model, no safetensors, does not fit, or no chat template.
    """
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )

    device = choose_device(options)
    source = find_source(spec, path, options)
    dtype = choose_dtype(options, device, source.parameters)
    size = {"8bit": 1.0, "4bit": 0.55}.get(options.quantisation, float(dtype.itemsize))
    check_fit(spec, source.parameters, size, device)
    where = {**source.where, "trust_remote_code": options.trust_remote_code}
    settings: dict[str, Any] = {"dtype": dtype, **where}
    if options.attention != "auto":
        settings["attn_implementation"] = options.attention
    if options.quantisation != "none":
        settings["quantization_config"] = _quantisation(options, dtype)
    if device == "cuda":
        settings["device_map"] = "auto" if torch.cuda.device_count() > 1 else {"": 0}
    if "gguf_file" not in where:
        settings["use_safetensors"] = True
    chosen = choose_protocol(path, options, spec)
    kind = AutoModelForSequenceClassification if chosen == "scalar" else AutoModelForCausalLM
    with _Readable(spec):
        tokenizer = AutoTokenizer.from_pretrained(source.address, **where)
        if chosen == "pairrm":
            model = open_ranker(Path(_folder(source)))
        else:
            model = kind.from_pretrained(source.address, **settings)
    if device != "cuda" or chosen == "pairrm":
        model = model.to(device)
    if chosen in SCORERS:
        pad = tokenizer.pad_token_id
        pad = tokenizer.eos_token_id if pad is None else pad
        return ScalarJudge(
            name, model.eval(), pad, _reader(chosen, tokenizer), source.weights, options
        )
    asked = protocol(
        chosen,
        model_template(path, options, chosen),
        control_tokens(tokenizer),
    )
    return TransformersJudge(name, model.eval(), tokenizer, asked, source.weights, options)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model is, how large, and what tells its weights from others."""

    address: str
    parameters: int
    weights: str
    where: dict[str, Any] = field(default_factory=dict)


def find_source(spec: str, path: Path | None, options: ModelOptions) -> Source:
    """A model on this machine (``path``) or on the hub; no weight is read.

    Raises:
        UserError: when it is not there, or has no safetensors.
    """
    return _find_hub(spec, options) if path is None else _find_local(path)


def _find_local(path: Path) -> Source:
    if path.suffix == ".gguf":
        file = {"gguf_file": path.name}
        return Source(str(path.parent), _count_gguf(path), _file_digest(path), file)
    return Source(str(path), count_parameters(path), _folder_digest(path))


def _find_hub(spec: str, options: ModelOptions) -> Source:
    from huggingface_hub import model_info

    with _Readable(spec):
        commit = str(model_info(spec, revision=options.revision).sha)
        parameters = count_hub_parameters(spec, commit)
    if parameters is None:
        raise UserError(
            f"{spec} has no safetensors weights; other formats can run code and are not loaded"
        )
    # The commit, not the branch: what is loaded is what the identity names.
    return Source(spec, parameters, commit, {"revision": commit})


def _reader(name: str, tokenizer: Any) -> Reader:
    if name == "pairrm":
        return JointReader(tokenizer)
    return ResponseReader(tokenizer) if name == "scalar" else StepReader(tokenizer, name)


def _folder(source: Source) -> str:
    """The folder of a model; one on the hub is fetched whole."""
    if "revision" not in source.where:
        return source.address
    from huggingface_hub import snapshot_download

    wanted = ["*.safetensors", "*.json", "*.model"]
    return str(
        snapshot_download(source.address, revision=source.where["revision"], allow_patterns=wanted)
    )


def choose_protocol(path: Path | None, options: ModelOptions, spec: str = "") -> str:
    """The protocol asked for, else the model's own: what its folder names, what it is known for, or
    what its architecture tells; a language model of no known kind is asked as PairJudge is."""
    if options.protocol != "auto":
        return options.protocol
    if path is None:
        return FAMILIES.get(spec, "pairjudge")
    if not path.is_dir():
        return "pairjudge"
    note = path / PROTOCOL_FILE
    if not note.exists():
        told = json.loads((path / "config.json").read_text("utf-8")).get("architectures") or [""]
        return "scalar" if told[0].endswith("ForSequenceClassification") else "pairjudge"
    try:
        name = json.loads(note.read_text("utf-8"))["protocol"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f'{note} cannot be read; it holds the protocol\'s name, such as {{"protocol": '
            '"pairjudge"}'
        ) from None
    return str(name)


def model_template(path: Path | None, options: ModelOptions, name: str) -> Template | None:
    """The wording asked for, or the one the model brings; None leaves the protocol's own."""
    if options.template is not None:
        return read_template(options.template, places(name))
    own = path / TEMPLATE_FILE if path is not None and path.is_dir() else None
    # A wording is of use only for the protocol that it was written for.
    if own is None or not own.exists() or name != choose_protocol(path, ModelOptions()):
        return None
    return read_template(own, places(name))


def choose_device(options: ModelOptions) -> str:
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if options.device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    if (options.device == "cuda" and not cuda) or (options.device == "mps" and not mps):
        raise UserError(
            f"device {options.device!r} was asked for and this machine has none; use 'auto'"
        )
    return options.device


def choose_dtype(options: ModelOptions, device: str, parameters: int) -> Any:
    import torch

    if options.dtype != "auto":
        return getattr(torch, options.dtype)
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    # On a CPU single precision is as fast for small models; large ones need the room.
    return torch.float32 if parameters < 1_000_000_000 else torch.bfloat16


def _quantisation(options: ModelOptions, dtype: Any) -> Any:
    import importlib.util

    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            f"quantisation {options.quantisation} needs bitsandbytes: "
            "pip install 'pairjudge-lab[quantization]'"
        )
    from transformers import BitsAndBytesConfig

    if options.quantisation == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def _count_gguf(path: Path) -> int:
    from gguf import GGUFReader

    try:
        return sum(int(t.n_elements) for t in GGUFReader(path).tensors)
    except (ValueError, OSError, IndexError) as problem:
        raise UserError(f"{path} is not a sound GGUF file: {problem}") from None


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _folder_digest(folder: Path) -> str:
    files = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*config.json"))
    files += [f for f in (folder / "tokenizer.json", folder / "chat_template.jinja") if f.exists()]
    parts = [f"{file.name}:{_file_digest(file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _Readable:
    """Turns what a hub or a broken folder says into one line a user can act on."""

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> None:
        if problem is None or isinstance(problem, UserError):
            return
        from huggingface_hub import errors

        if isinstance(problem, errors.RepositoryNotFoundError):
            raise UserError(
                f"the hub has no model {self.spec!r} (or it is private: set HF_TOKEN); "
                "PairJudge RM is THU-KEG/PairJudge-RM"
            ) from None
        if isinstance(problem, errors.RevisionNotFoundError):
            raise UserError(f"the hub has no such revision of {self.spec!r}") from None
        # The last is of whichever HTTP client the hub's library is built on (httpx, then httpx2).
        away = (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, errors.HTTPError)
        if isinstance(problem, away):
            raise UserError(
                f"{self.spec!r} is not on this machine and the hub cannot be reached "
                f"({type(problem).__name__}); check the network, or give a local folder"
            ) from None
        if isinstance(problem, OSError | ValueError):
            first = str(problem).strip().splitlines()[0] if str(problem).strip() else ""
            raise UserError(f"cannot load {self.spec!r}: {first}") from problem
