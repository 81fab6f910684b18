"""Which protocol a known model is asked with, so that its name alone is enough.

Every row of the paper's Table 2 has a way to be run: majority voting is a selector, and the models
are these. Of RLHFlow-8B-LLaMA-Data the paper names no repository; any folder with a model of that
kind runs with ``--protocol rlhflow-prm``. None of these weights were run here.
"""

from __future__ import annotations

SCORERS = ("scalar", "math-shepherd", "rlhflow-prm", "pairrm")
"""Protocols of models that give numbers and write nothing."""

FAMILIES = {
    "RLHFlow/ArmoRM-Llama3-8B-v0.1": "scalar",
    "Skywork/Skywork-Reward-Llama-3.1-8B": "scalar",
    "openbmb/Eurus-RM-7b": "scalar",
    "RLHFlow/pair-preference-model-LLaMA3-8B": "pair-preference",
    "peiyi9979/math-shepherd-mistral-7b-prm": "math-shepherd",
    "RLHFlow/Llama3.1-8B-PRM-Mistral-Data": "rlhflow-prm",
    "RLHFlow/Llama3.1-8B-PRM-Deepseek-Data": "rlhflow-prm",
    "llm-blender/PairRM-hf": "pairrm",
    "THU-KEG/PairJudge-RM": "pairjudge",
}
"""Protocol by hub id."""

REMOTE_CODE = ("RLHFlow/ArmoRM-Llama3-8B-v0.1", "openbmb/Eurus-RM-7b")
"""Those whose classes come with their weights: ``--trust-remote-code`` is the user's to give."""
