"""``pairjudge-lab price``, as a user runs it."""

import json
import re

import pytest

from pairjudge_lab import load_pools
from pairjudge_lab.cli import main
from pairjudge_lab.plots.price import plot_price
from pairjudge_lab.statistics.intervals import Estimate


def test_the_command_prices_the_embedded_verdicts(capsys, tmp_path):
    picture = tmp_path / "price.svg"
    words = ["price", "embedded", "embedded", "--limit", "12", "-n", "4", "--subsets", "5"]
    assert main([*words, "--picture", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "12 problems, best of 4" in said
    for effect in ("position", "both orders", "length"):
        assert effect in said
    assert picture.read_text().count("<svg") == 1
    assert main([*words, "--json", "--effect", "position"]) == 0
    facts = json.loads(capsys.readouterr().out)
    (row,) = facts["prices"]
    assert row["lost"]["low"] <= row["lost"]["estimate"] <= row["lost"]["high"]


def test_problems_that_are_left_out_are_counted_with_their_reason(capsys):
    words = ["price", "study", "study", "--judge", "qwen2.5-coder-1.5b, labels"]
    assert main([*words, "-n", "6", "--subsets", "2", "--effect", "both orders"]) == 0
    shown = capsys.readouterr().out
    judged, left = re.search(
        r"(\d+) problems, .*\nleft out: (\d+) problems \(no verdicts\)", shown
    ).groups()
    assert int(judged) + int(left) == len(load_pools("study"))


def test_without_a_number_of_candidates_it_takes_as_many_as_there_are_up_to_eight(capsys):
    words = ["--subsets", "2", "--effect", "both orders"]
    assert main(["price", "study", "study", "--judge", "qwen2.5-coder-1.5b, labels", *words]) == 0
    assert "best of 6" in capsys.readouterr().out
    assert main(["price", "embedded", "embedded", "--limit", "5", *words]) == 0
    assert "best of 8" in capsys.readouterr().out


def test_of_few_problems_there_is_no_interval(capsys):
    words = ["price", "embedded", "embedded", "--limit", "5", "-n", "4", "--subsets", "2"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert shown.count("(too few problems)") == 3
    assert "nan" not in shown
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert all(row["lost"]["low"] is None for row in facts["prices"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--judge", "nobody"], "no verdicts of the judge 'nobody'"),
        (["-n", "99"], "smaller --n"),
        (["--effect", "noise"], "needs repetitions"),
    ],
)
def test_what_cannot_be_done_is_one_line(more, said, capsys):
    assert main(["price", "embedded", "embedded", "--limit", "5", *more]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1


def test_the_picture_names_every_effect():
    lost = {
        "position": Estimate(0.1, 0.05, 0.15, 60, "Student"),
        "noise": Estimate(0, 0, 0, 60, ""),
    }
    axes = plot_price(lost, 8)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["noise: repetitions pooled", "position: fitted effect taken out"]
    assert "best of 8" in axes.get_xlabel()
