"""What to install when a module is missing: the extra of this package that brings it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pairjudge_lab.records import UserError

EXTRAS = {
    "accelerate": "models",
    "anthropic": "server",
    "anywidget": "lab",
    "bitsandbytes": "quantization",
    "datasets": "models",
    "filelock": "server",
    "gguf": "models",
    "httpx": "server",
    "httpx2": "server",
    "huggingface_hub": "models",
    "ijson": "train",
    "ipywidgets": "lab",
    "itables": "lab",
    "jupyterlab": "lab",
    "latex2mathml": "lab",
    "nbconvert": "lab",
    "numba": "replay",
    "openai": "server",
    "papermill": "lab",
    "peft": "train",
    "psutil": "models",
    "ray": "ray",
    "sglang": "sglang",
    "safetensors": "models",
    "tokenizers": "models",
    "torch": "models",
    "traitlets": "lab",
    "transformers": "models",
    "vllm": "vllm",
}
"""Modules that are no part of the core, and the extra that brings each."""


def missing_extra(problem: ImportError) -> UserError | None:
    """The error that tells a user what to install; None where no extra would help.

    Parameters
    ----------
    problem : ImportError
        What an import raised. One that failed inside a module that is there (a broken installation)
        is no matter of extras.
    """
    module = (problem.name or "").partition(".")[0]
    if not isinstance(problem, ModuleNotFoundError) or module not in EXTRAS:
        return None
    return UserError(f"this needs {module}: pip install 'pairjudge-lab[{EXTRAS[module]}]'")


@contextmanager
def naming_extras() -> Iterator[None]:
    """Turn the error of a missing module into one line that names the extra.

    Raises
    ------
    UserError
        Instead of ``ModuleNotFoundError``, where an extra brings the module.
    """
    try:
        yield
    except ModuleNotFoundError as problem:
        told = missing_extra(problem)
        if told is None:
            raise
        raise told from None
