"""Keep what other libraries print out of the lab's output."""

from __future__ import annotations

import logging
import os
import sys
import warnings

LIBRARIES = ("transformers", "huggingface_hub", "datasets", "accelerate")


def quiet_libraries() -> None:
    """Switch off other libraries' progress bars, advice and notes of every retry.

    What they raise is still told. Nothing is imported for it, since not every judge is a model.
    """
    for name in ("TRANSFORMERS_VERBOSITY", "HF_HUB_VERBOSITY", "DATASETS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
    # The variables are read when a library is imported; one that was imported before is told.
    if "transformers" in sys.modules:
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()


def ignore_deprecations() -> None:
    """Leave out what libraries tell developers, here and in processes that a command starts.

    Whoever asks for warnings (``-W``, ``PYTHONWARNINGS``) gets them.
    """
    if not sys.warnoptions:
        for category in (FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", category)
        os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning,ignore::DeprecationWarning"
