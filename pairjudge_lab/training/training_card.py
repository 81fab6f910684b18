"""The card of a trained judge, written from what its run measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pairjudge_lab.training.audit import FIGURES

_NAMES = {
    "label_accuracy": "label accuracy",
    "consistency": "same labels in both orders",
    "position_effect": "position effect, P(called correct, first) - P(called correct, second)",
    "pair_accuracy": "of one right and one wrong response, the right one named",
}
_KINDS = {
    "pairwise": "A pairwise judge",
    "pointwise": "A pointwise critic",
    "reward": "A Bradley-Terry reward model",
}


def training_card(
    recipe: Mapping[str, Any], told: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> str:
    """A card in Markdown: how the model was made, and what was measured at its end."""
    losses = [entry for entry in history if "loss" in entry]
    audits = [entry for entry in history if "pairs" in entry]
    left = ", ".join(f"{n} {reason}" for reason, n in told["left_out"].items()) or "none"
    changed = ", ".join(f"{k} {v}" for k, v in recipe.items())
    lines = [
        f"# {_KINDS[recipe['kind']]}",
        "",
        f"Made from `{told['base']}` on {told['rows']} rows of `{told['data']}` by `pairjudge-lab "
        f"train`: {told['steps']} steps on {told['devices']} device(s), "
        f"{told['seconds'] / 60:.1f} minutes since it was last started. Rows left out: {left}.",
        "",
        f"Recipe: {changed}.",
        "",
    ]
    if losses:
        lines += [f"Loss in the end: {float(losses[-1]['loss']):.4f}.", ""]
    if not audits:
        return "\n".join([*lines, "No held-out pairs were judged, so no accuracy is known.", ""])
    last = audits[-1]
    lines += [
        f"Measured on {last['pairs']} held-out pairs, each in both orders, at step "
        f"{last.get('step', told['steps'])}:",
        "",
        "| figure, per cent | estimate | 95 % interval over problems |",
        "| --- | --- | --- |",
    ]
    for name, key in FIGURES.items():
        if key in last:
            low, high = 100 * float(last[f"{key}_low"]), 100 * float(last[f"{key}_high"])
            lines.append(
                f"| {_NAMES[name]} | {100 * float(last[key]):.1f} | {low:.1f} to {high:.1f} |"
            )
    lines += [f"| unread | {100 * float(last['unreadable']):.1f} | |", ""]
    return "\n".join(lines)
