"""Every command's options: help for each, and none that its data class does not know."""

import argparse
from dataclasses import fields

import pytest

from pairjudge_lab import cli
from pairjudge_lab.cli import build_parser
from pairjudge_lab.cli.shared.main import command_names
from pairjudge_lab.cli.shared.model_options import model_options
from pairjudge_lab.cli.shared.rule_options import rules_given
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.tournaments.rules import Rules
from pairjudge_lab.training.recipes import Recipe


def parsers(parser, name=""):
    """Every parser below this one, and itself, with the words that lead to it."""
    yield name, parser
    for action in parser._actions:  # argparse offers no other way to walk its parsers
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from parsers(below, f"{name} {word}".strip())


PARSERS = dict(parsers(build_parser()))


def options_of(name):
    skipped = (argparse._SubParsersAction, argparse._HelpAction)
    return {a.dest: a for a in PARSERS[name]._actions if not isinstance(a, skipped)}


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_has_help(name):
    silent = [dest for dest, action in options_of(name).items() if not (action.help or "").strip()]
    assert not silent
    assert len(PARSERS[name].format_help()) > 100


def test_every_file_is_a_command():
    assert {name.replace("_", "-") for name in command_names()} <= PARSERS.keys()
    assert {"demo", "select", "judge", "template show", "template fetch"} <= PARSERS.keys()


@pytest.mark.parametrize("command", ["select", "judge", "annotate"])
def test_the_options_of_a_model_are_those_of_the_data_class(command):
    words = ["p", "--judge", "j", "--out", "o"]
    args = build_parser().parse_args([command, *words])
    assert {field.name for field in fields(ModelOptions)} <= vars(args).keys()
    assert model_options(args) == ModelOptions()
    changed = build_parser().parse_args(
        [command, *words, "--device", "cpu", "--batch-size", "3", "--seed", "5"]
    )
    assert model_options(changed) == ModelOptions(device="cpu", batch_size=3, seed=5)


def test_the_options_of_the_rules_are_those_of_the_data_class():
    offered = options_of("select").keys() & {field.name for field in fields(Rules)}
    # How often a verdict is judged again goes with --unread again; --again is the store's.
    assert offered - {"again"} == {field.name for field in fields(Rules)} - {"again"}
    words = ["select", "p", "--judge", "j", "--out", "o", "--votes", "3", "--neither", "tie"]
    assert rules_given(build_parser().parse_args(words)) == {"votes": 3, "neither": "tie"}


def test_the_options_of_a_recipe_are_those_of_the_data_class():
    offered = options_of("train").keys() - {"base", "data", "out", "preset"}
    # These are for presets, and for Python.
    assert offered == {field.name for field in fields(Recipe)} - {
        "beta2", "weight_decay", "schedule",
    }  # fmt: skip


def test_a_command_is_one_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "say_hello.py").write_text(
        'HELP = "greet"\n\n\n'
        "def add_options(parser):\n"
        '    parser.add_argument("name", help="who is greeted")\n\n\n'
        "def run(args):\n"
        '    print("hello", args.name)\n'
    )
    monkeypatch.setattr("pairjudge_lab.cli.__path__", [*cli.__path__, str(tmp_path)])
    assert cli.main(["say-hello", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"
