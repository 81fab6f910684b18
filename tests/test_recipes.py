"""Every command of a recipe is one that the lab has, with options that it takes."""

import os
import subprocess
from pathlib import Path

import pytest

from pairjudge_lab.cli import build_parser
from pairjudge_lab.datasets.problems import WORD_PROBLEMS
from pairjudge_lab.word_problems import HELD_OUT

RECIPES = sorted((Path(__file__).parent.parent / "recipes").glob("*.sh"))


def commands(recipe, **settings):
    told = subprocess.run(
        ["bash", str(recipe)], check=True, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "LAB": "echo", **settings},
    )  # fmt: skip
    return [line.split() for line in told.stdout.splitlines()]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
@pytest.mark.parametrize("settings", [{}, {"STEPS": "2", "OUT": "elsewhere", "PRESET": "small"}])
def test_its_commands_are_understood(recipe, settings):
    told = commands(recipe, **settings)
    assert len(told) >= 4
    for words in told:
        build_parser().parse_args(words)


def test_what_is_trained_on_is_not_what_is_audited_on():
    (recipe,) = [r for r in RECIPES if r.stem == "word_problem_judge"]
    sampled = [words[1] for words in commands(recipe) if words[0] == "sample"]
    training, audited = (set(WORD_PROBLEMS[name][1]) for name in sampled)
    assert not training & audited
    assert audited == set(HELD_OUT)
