"""Where a model is, how large, and what tells its files from others; no weight is read."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.memory import count_hub_parameters, count_parameters
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.weights import check_json, file_digest, folder_digest
from pairjudge_lab.records import UserError

SHIPPED_MODELS = {"tiny": "tiny-judge", "tiny-solver": "tiny-solver"}
"""Models that come with the package, by name; each a folder of the embedded data."""

# The model card's own snippet names a repository that does not exist.
_RENAMED = {"THU-KEG/PairJudgeRM": "THU-KEG/PairJudge-RM"}
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A model that was found.

    Attributes
    ----------
    spec : str
        What the user asked for.
    name : str
        What the model is called in tables.
    path : Path or None
        Of a model on this machine.
    address : str
        What transformers loads.
    parameters : int
        How many the model has.
    weights : str
        Digest of everything that would be loaded, or the commit on the hub.
    where : dict
        Further arguments of ``from_pretrained``.
    """

    spec: str
    name: str
    path: Path | None
    address: str
    parameters: int
    weights: str
    where: dict[str, Any] = field(default_factory=dict)


def resolve(spec: str) -> Path | None:
    """Where a model is: a folder or file here, or None for one on the hub.

    Raises
    ------
    UserError
        When the string names no model.
    """
    if spec in SHIPPED_MODELS:
        return data_path(SHIPPED_MODELS[spec])
    if len(spec) > 4096 or "\0" in spec:
        raise UserError("a model's name is no longer than a path and holds no zero byte")
    path = Path(spec).expanduser()
    try:
        if path.suffix == ".gguf" and path.is_file():
            return path
        if path.is_dir():
            if not (path / "config.json").is_file():
                raise UserError(f"the folder {path} holds no model: there is no config.json in it")
            return path
        below = path.parent.is_dir() and path.parent != Path()
    except OSError as problem:
        raise UserError(f"cannot look for a model at {spec[:80]!r}: {problem.strerror}") from None
    if _HUB_ID.fullmatch(spec) and path.suffix != ".gguf" and not below:
        return None
    raise UserError(
        f"unknown model {spec[:80]!r}; give one of {', '.join(SHIPPED_MODELS)}, a folder with a "
        "model, a .gguf file, a hub id such as THU-KEG/PairJudge-RM, or http://HOST:PORT/v1#MODEL"
    )


def find_source(spec: str, options: ModelOptions) -> Source:
    """Find a model on this machine or on the hub.

    Raises
    ------
    UserError
        When it is not there, or has no safetensors.
    """
    if spec in _RENAMED:
        warnings.warn(
            f"the model card's {spec!r} does not exist; loading {_RENAMED[spec]!r}", stacklevel=2
        )
        spec = _RENAMED[spec]
    path = resolve(spec)
    if path is None:
        return _find_hub(spec, options)
    if path.is_file():
        file = {"gguf_file": path.name}
        digest = file_digest(path)
        return Source(spec, path.stem, path, str(path.parent), _count_gguf(path), digest, file)
    name = spec if spec in SHIPPED_MODELS else path.name
    check_json(path)
    from pairjudge_lab.engines.weights_on_disk import check_index

    # Weights outside the folder would be loaded and not be part of its digest.
    check_index(spec, path)
    return Source(spec, name, path, str(path), count_parameters(path), folder_digest(path))


def model_folder(source: Source) -> str:
    """The folder of a model; one on the hub is fetched whole."""
    if "revision" not in source.where:
        return source.address
    from huggingface_hub import snapshot_download

    wanted = ["*.safetensors", "*.json", "*.model"]
    return str(
        snapshot_download(source.address, revision=source.where["revision"], allow_patterns=wanted)
    )


def _find_hub(spec: str, options: ModelOptions) -> Source:
    from huggingface_hub import model_info

    with Readable(spec):
        commit = str(model_info(spec, revision=options.revision).sha)
        parameters = count_hub_parameters(spec, commit)
    if parameters is None:
        raise UserError(
            f"{spec} has no safetensors weights; other formats can run code and are not loaded"
        )
    # The commit, not the branch: what is loaded is what the identity names.
    return Source(spec, spec, None, spec, parameters, commit, {"revision": commit})


def _count_gguf(path: Path) -> int:
    from gguf import GGUFReader

    try:
        return sum(int(t.n_elements) for t in GGUFReader(path).tensors)
    except Exception as problem:  # noqa: BLE001 - a damaged file may raise anything
        raise UserError(f"{path} is not a sound GGUF file: {problem}") from None


class Readable:
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
        if isinstance(problem, errors.GatedRepoError):
            raise UserError(
                f"{self.spec!r} is gated: accept its terms on the hub and set HF_TOKEN"
            ) from None
        if isinstance(problem, errors.RevisionNotFoundError):
            raise UserError(f"the hub has no such revision of {self.spec!r}") from None
        away = (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, *_http_errors())
        if isinstance(problem, away):
            raise UserError(
                f"{self.spec!r} is not on this machine and the hub cannot be reached "
                f"({type(problem).__name__}); check the network, or give a local folder"
            ) from None
        if isinstance(problem, MemoryError | KeyboardInterrupt | SystemExit):
            return
        # Damaged files make the libraries raise nearly anything.
        first = str(problem).strip().splitlines()[0] if str(problem).strip() else ""
        raise UserError(
            f"cannot load {self.spec!r}: {type(problem).__name__}: {first[:300]}"
        ) from problem


def _http_errors() -> list[type[BaseException]]:
    """The errors of whichever HTTP client the hub's library was built on."""
    from huggingface_hub import errors

    return [base for base in errors.HfHubHTTPError.__mro__ if base.__name__ == "HTTPError"]
