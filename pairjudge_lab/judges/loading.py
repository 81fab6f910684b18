"""``load_judge``: one string, one judge."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

from pairjudge_lab.embedded import data_path
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.judges.families import SCORERS
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.judges.simulated import SimulatedJudge
from pairjudge_lab.records import Judge, StreamingJudge, UserError

SHIPPED = {
    "tiny": "a real judge of about one million parameters, shipped here; reads arithmetic chains",
    "simulated": "knows the truth and errs by plan: simulated:accuracy=0.8,slot_bias=0.1,noise=0,"
    "unreadable=0,seed=0",
    "recorded:FILE": "answers from a verdict table (.parquet) that the lab wrote",
    "vllm:SPEC": "a model in vLLM's engine in this process",
    "ray:SPEC": "replicas of any of these on a Ray cluster; ray:4:SPEC for four of them",
    "http://HOST/v1#MODEL": "a model behind a server that speaks the OpenAI chat protocol",
}
"""Judges known by name, with what each is."""

# The model card's own snippet names a repository that does not exist.
_RENAMED = {"THU-KEG/PairJudgeRM": "THU-KEG/PairJudge-RM"}
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@naming_extras()
def load_judge(spec: str, options: ModelOptions | None = None) -> Judge | StreamingJudge:
    """Load a judge.

    Args:
        spec: a name from ``SHIPPED``, a folder with safetensors, a ``.gguf`` file, the id of a
            model on the Hugging Face hub, such as ``THU-KEG/PairJudge-RM``, or a server's address
            with the model's name there behind a ``#``.
        options: how a model is run; ignored by judges that are no model. A server is told the
            template, the temperature, and, as ``batch_size``, how many requests to keep in flight.

    Raises:
        UserError: an extra that is not installed, an unknown name, a model that is not there,
            cannot be read safely, or cannot fit.
    """
    options = options or ModelOptions()
    judge = _load(spec, options)
    if options.samples == 1:
        return judge
    from pairjudge_lab.judges.pooling import PooledJudge, PooledStream

    if isinstance(judge, StreamingJudge):
        return PooledStream(judge, options.samples, options.pooling)
    return PooledJudge(judge, options.samples, options.pooling)


def _load(spec: str, options: ModelOptions) -> Judge | StreamingJudge:
    if spec.partition(":")[0] == "simulated":
        return _simulated(spec)
    if spec.startswith("recorded:"):
        from pairjudge_lab.judges.recorded import RecordedJudge

        return RecordedJudge.from_file(Path(spec.removeprefix("recorded:")))
    if spec.startswith("ray:"):
        return _cluster(spec.removeprefix("ray:"), options)
    if spec.startswith("vllm:"):
        return _engine(spec.removeprefix("vllm:"), options)
    if spec.startswith(("http://", "https://")):
        return _server(spec, options)
    if spec in _RENAMED:
        warnings.warn(
            f"the model card's {spec!r} does not exist; loading {_RENAMED[spec]!r}", stacklevel=2
        )
        spec = _RENAMED[spec]
    return _open(spec, resolve(spec), options)


def resolve(spec: str) -> Path | None:
    """Where a model is: a folder or file here, or None for one on the hub.

    Raises:
        UserError: when the string names no model.
    """
    if spec == "tiny":
        return data_path("tiny-judge")
    path = Path(spec).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path
    if path.is_dir():
        if not (path / "config.json").exists():
            raise UserError(f"the folder {path} holds no model: there is no config.json in it")
        return path
    if _HUB_ID.fullmatch(spec) and path.suffix != ".gguf" and not path.parent.is_dir():
        return None
    raise UserError(
        f"unknown judge {spec!r}; give one of {', '.join(SHIPPED)}, a folder with a model, a .gguf "
        "file, a hub id such as THU-KEG/PairJudge-RM, or http://HOST:PORT/v1#MODEL"
    )


def _cluster(spec: str, options: ModelOptions) -> StreamingJudge:
    from pairjudge_lab.judges.cluster import RayJudge

    # What is pooled is pooled here, once, and not by every replica.
    options = replace(options, samples=1)
    count, _, rest = spec.partition(":")
    if count.isdigit() and rest:
        return RayJudge(rest, options, workers=int(count) or None)
    return RayJudge(spec, options)


def _engine(spec: str, options: ModelOptions) -> Judge:
    from pairjudge_lab.judges.vllm_judge import VLLMJudge

    if options.fast:
        raise UserError("an answer can only be begun for a judge of transformers, not in vLLM")
    path = resolve(spec)
    return VLLMJudge(_name(spec, path), spec, path, options)


def _name(spec: str, path: Path | None) -> str:
    if path is None or spec in SHIPPED:
        return spec
    return path.stem if path.is_file() else path.name


def _server(spec: str, options: ModelOptions) -> StreamingJudge:
    from pairjudge_lab.judges.server import ServerJudge, ServerOptions
    from pairjudge_lab.protocols import places, protocol
    from pairjudge_lab.protocols.template import read_template

    address, _, model = spec.partition("#")
    name = "pairjudge" if options.protocol == "auto" else options.protocol
    wording = None if options.template is None else read_template(options.template, places(name))
    if options.fast or options.protocol in (*SCORERS, "pair-preference"):
        raise UserError(
            "an answer can only be begun, and a response only be scored, by a model in this "
            "process, not at a server"
        )
    chosen = {} if options.batch_size is None else {"concurrency": options.batch_size}
    if options.soft:
        chosen["logprobs"] = 20
    return ServerJudge(
        address,
        model,
        protocol(name, wording),
        ServerOptions(**chosen),
        temperature=options.temperature,
        seed=options.seed,
    )


def _open(spec: str, path: Path | None, options: ModelOptions) -> Judge:
    from pairjudge_lab.judges.opening import open_model

    return open_model(_name(spec, path), spec, path, options)


def _simulated(spec: str) -> SimulatedJudge:
    settings: dict[str, float | int] = {}
    _, _, rest = spec.partition(":")
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        if key not in ("accuracy", "slot_bias", "noise", "unreadable", "seed"):
            raise UserError(
                f"simulated judge: no setting {key!r}; there are accuracy, slot_bias, noise, "
                "unreadable, seed"
            )
        try:
            settings[key] = int(value) if key == "seed" else float(value)
        except ValueError:
            raise UserError(f"simulated judge: {key} is a number, got {value!r}") from None
    return SimulatedJudge(**settings)  # type: ignore[arg-type]
