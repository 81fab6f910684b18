"""``load_judge``: one string, one judge."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.registry import ELSEWHERE, load_engine, split_spec
from pairjudge_lab.engines.sources import find_source, resolve
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.judges.cascade import CascadeJudge, CascadeRule
from pairjudge_lab.judges.choosing import choose_protocol, model_template
from pairjudge_lab.judges.pooling import PooledJudge, PooledStream
from pairjudge_lab.judges.simulated import SimulatedJudge
from pairjudge_lab.judges.text_judge import TextJudge
from pairjudge_lab.protocols import protocol
from pairjudge_lab.protocols.families import SCORERS
from pairjudge_lab.records import Judge, StreamingJudge, UserError

SHIPPED = {
    "tiny": "a real judge of about one million parameters, shipped here; reads arithmetic chains",
    "simulated": "knows the truth and errs as it is told to: simulated:accuracy=0.8,"
    "position_bias=0.1,noise=0,unread=0,seed=0",
    "recorded:FILE": "answers from a verdict table that the lab wrote, or from 'study' or "
    "'embedded'; recorded:FILE#JUDGE where it holds several judges",
    "majority:POOLS": "majority voting of these pools' candidates, without a call; labels, or "
    "preferences with #preference behind",
    "cascade:threshold=T:FIRST++SECOND": "FIRST decides where it is at least so sure, SECOND the "
    "rest; votes=K for K votes of FIRST, fast=1 for FIRST's labels alone",
    "vllm:SPEC": "a model in vLLM's engine in this process",
    "sglang:SPEC": "a model in SGLang's engine in this process",
    "ray:SPEC": "replicas of any of these on a Ray cluster; ray:4:SPEC for four of them",
    "http://HOST/v1#MODEL": "a model behind a server that speaks the OpenAI chat protocol",
    "openai-batch:FILE#MODEL": "a model through OpenAI's batches, at half the price and within "
    "hours; FILE remembers what was submitted",
    "anthropic-batch:FILE#MODEL": "the same through Anthropic's batches",
}
"""Judges known by name, with what each is."""


@naming_extras()
def load_judge(spec: str, options: ModelOptions | None = None) -> Judge | StreamingJudge:
    """Load a judge.

    Parameters
    ----------
    spec : str
        A name from ``SHIPPED``, a folder with safetensors, a ``.gguf`` file, the id of a model on
        the Hugging Face hub, such as ``THU-KEG/PairJudge-RM``, or a server's address with the
        model's name there behind a ``#``.
    options : ModelOptions, optional
        How a model is run; ignored by judges that are no model.

    Returns
    -------
    Judge or StreamingJudge
        Either has ``judge(matches)``.

    Raises
    ------
    UserError
        An unknown name, a model that is not there, cannot be read safely, or cannot fit.

    Examples
    --------
    >>> from pairjudge_lab import load_judge
    >>> load_judge("simulated:accuracy=0.8").identity["name"]
    'simulated'
    """
    options = options or ModelOptions()
    judge = _load(spec, options)
    if options.samples == 1:
        return judge
    if isinstance(judge, StreamingJudge):
        return PooledStream(judge, options.samples, options.pooling)
    return PooledJudge(judge, options.samples, options.pooling)


def _load(spec: str, options: ModelOptions) -> Judge | StreamingJudge:
    if spec.partition(":")[0] == "simulated":
        return _simulated(spec)
    if spec.startswith("recorded:"):
        from pairjudge_lab.judges.recorded import RecordedJudge

        file = spec.removeprefix("recorded:")
        source, mark, name = file.partition("#")
        if mark and not Path(file).exists():
            return RecordedJudge.from_file(source, name)
        return RecordedJudge.from_file(file)
    if spec.startswith("majority:"):
        from pairjudge_lab.judges.majority import MajorityJudge

        return MajorityJudge.from_file(spec.removeprefix("majority:"))
    if spec.startswith("cascade:"):
        return _cascade(spec.removeprefix("cascade:"), options)
    engine, rest = split_spec(spec, options)
    model = _model_of(engine, rest)
    path = None if model is None else resolve(model)
    chosen = choose_protocol(path, options, model or "")
    if chosen in SCORERS:
        return _scorer(spec, engine, rest, model, chosen, options)
    return _text_judge(spec, model, path, chosen, options)


def _model_of(engine: str, rest: str) -> str | None:
    """The model's own name, without engines; None where it is known to a server alone."""
    while engine == "ray":
        count, _, more = rest.partition(":")
        engine, rest = split_spec(more if count.isdigit() and more else rest, ModelOptions())
    return None if engine in ELSEWHERE else rest


def _text_judge(
    spec: str, model: str | None, path: Path | None, chosen: str, options: ModelOptions
) -> TextJudge:
    template = model_template(path, options, chosen)
    # What can be refused without a model is refused before one is loaded.
    asked = protocol(chosen, template)
    begun = bool(getattr(asked, "begun", False))
    engine = load_engine(spec, options)
    strings = engine.control_strings
    if strings is not None:
        asked = protocol(chosen, template, strings)
    config = options.generation(asked.generation)
    # In this process probabilities cost nothing, and some families write no reasons at all.
    told = engine.identity.get("engine") == "transformers"
    if told or begun:
        config = replace(
            config,
            label_probabilities=told or config.label_probabilities,
            label_only=begun or config.label_only,
        )
    return TextJudge(engine.name, engine, asked, config, second_try=options.second_try)


def _scorer(
    spec: str, engine: str, rest: str, model: str | None, chosen: str, options: ModelOptions
) -> Judge:
    from pairjudge_lab.judges.scorers import open_scorer

    if engine == "vllm" and not spec.startswith("vllm:"):
        engine = "transformers"
    if engine != "transformers":
        elsewhere = "at a server" if model is None else f"in {engine}"
        raise UserError(
            f"a model of the kind {chosen!r} gives scores and writes no text; it runs in "
            f"transformers in this process, not {elsewhere}"
        )
    return open_scorer(find_source(rest, options), chosen, options)


def _cascade(spec: str, options: ModelOptions) -> CascadeJudge:
    told, colon, judges = spec.partition(":")
    first, plus, second = judges.partition("++")
    if not (colon and plus and first and second):
        raise UserError(
            "a cascade is written cascade:threshold=T:FIRST++SECOND, such as "
            f"cascade:threshold=0.9:tiny++THU-KEG/PairJudge-RM; got {'cascade:' + spec!r:.80}"
        )
    settings = {"votes": 1.0, "fast": 0.0}
    for part in told.split(","):
        key, _, value = part.partition("=")
        if key not in ("threshold", "votes", "fast"):
            raise UserError(f"cascade: no setting {key!r:.40}; there are threshold, votes, fast")
        try:
            settings[key] = float(value) if key == "threshold" else int(value)
        except ValueError:
            raise UserError(f"cascade: {key} is a number, got {value!r:.40}") from None
    if "threshold" not in settings:
        raise UserError(
            "cascade: a threshold is needed; 'pairjudge-lab cascade' chooses one with a guarantee"
        )
    rule = CascadeRule(settings["threshold"], int(settings["votes"]))
    # One vote is as sure as its probabilities, so a server is asked for them.
    own = replace(
        options, soft=options.soft or rule.votes == 1, fast=options.fast or bool(settings["fast"])
    )
    return CascadeJudge(_load(first, own), _load(second, options), rule)


_SETTINGS_OF_BEFORE = {"slot_bias": "position_bias", "unreadable": "unread"}
"""Settings of a simulated judge under their old names, which work for one release."""


def _simulated(spec: str) -> SimulatedJudge:
    settings: dict[str, float | int] = {}
    _, _, rest = spec.partition(":")
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        if key in _SETTINGS_OF_BEFORE:
            new = _SETTINGS_OF_BEFORE[key]
            warnings.warn(f"simulated judge: {key} is called {new} now", stacklevel=2)
            key = new
        if key not in ("accuracy", "position_bias", "noise", "unread", "seed"):
            raise UserError(
                f"simulated judge: no setting {key!r}; there are accuracy, position_bias, noise, "
                "unread, seed"
            )
        try:
            settings[key] = int(value) if key == "seed" else float(value)
        except ValueError:
            raise UserError(f"simulated judge: {key} is a number, got {value!r}") from None
    return SimulatedJudge(**settings)  # type: ignore[arg-type]
