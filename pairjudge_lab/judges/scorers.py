"""Opening a model that gives numbers: classifiers, process reward models, rankers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pairjudge_lab.engines.loading import choose_device, load_model
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.sources import Readable, Source, model_folder
from pairjudge_lab.judges.ranker import open_ranker
from pairjudge_lab.judges.response_readers import JointReader, ResponseReader
from pairjudge_lab.judges.scalar import Reader, ScalarJudge
from pairjudge_lab.judges.step_reader import StepReader


def open_scorer(source: Source, kind: str, options: ModelOptions) -> ScalarJudge:
    """Load a model that scores responses.

    Parameters
    ----------
    source : Source
    kind : {'scalar', 'math-shepherd', 'rlhflow-prm', 'pairrm'}
    options : ModelOptions

    Raises
    ------
    UserError
        When it is not sound, does not fit, or is of another kind.
    """
    if kind == "pairrm":
        from transformers import AutoTokenizer

        with Readable(source.spec):
            tokenizer = AutoTokenizer.from_pretrained(
                source.address, **source.where, trust_remote_code=options.trust_remote_code
            )
            model = open_ranker(Path(model_folder(source))).to(choose_device(options))
    else:
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

        head = AutoModelForSequenceClassification if kind == "scalar" else AutoModelForCausalLM
        model, tokenizer = load_model(source, options, head)
    pad = tokenizer.pad_token_id
    pad = tokenizer.eos_token_id if pad is None else pad
    reader = _reader(kind, tokenizer, source.name)
    return ScalarJudge(source.name, model, pad, reader, source.weights, options)


def _reader(kind: str, tokenizer: Any, name: str) -> Reader:
    if kind == "pairrm":
        return JointReader(tokenizer)
    if kind == "scalar":
        return ResponseReader(tokenizer, name)
    return StepReader(tokenizer, kind, name)
