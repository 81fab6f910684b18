"""Texts of others in pictures: SVG stays well-formed, and no name makes a picture wide."""

import json
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image

from pairjudge_lab import bias_report, load_verdicts
from pairjudge_lab.plots.bias import plot_bias, plot_positions
from pairjudge_lab.plots.estimates import plot_estimates
from pairjudge_lab.plots.price import plot_price
from pairjudge_lab.plots.selectors import plot_accuracies
from pairjudge_lab.plots.style import as_svg, new_figure, save_picture, short
from pairjudge_lab.plots.training import plot_audits
from pairjudge_lab.statistics.comparison import compare_judges
from pairjudge_lab.statistics.intervals import Estimate
from tests.hostile.calling import call
from tests.hostile.files import POOLS, VERDICTS

HOSTILE = "a\x00b\x08c\x0bd\x1be\ufffef\uffffg<h>&\ud800"
WIDE = "n" * 5000


def parsed(file):
    return ElementTree.fromstring(Path(file).read_bytes())  # raises where it is not well-formed


def verdicts(path, judge):
    rows = [{**row, "judge": judge} for row in VERDICTS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_text_is_one_that_xml_can_hold():
    assert short("5\x08") == "5\ufffd"
    assert short("a\tb\n\u20ac\U0001f600\x85c") == "a b \u20ac\U0001f600 c"
    assert len(short(WIDE)) == 10


@pytest.mark.filterwarnings("ignore:Glyph")
def test_whatever_was_drawn_is_saved_as_well_formed_svg(tmp_path):
    """Titles, labels and marks of the axes that others than our plots wrote."""
    figure = new_figure(2, 2)
    ax = figure.subplots()
    ax.set_title("title\x08")
    ax.set_xticks([0, 1], ["\x1bx", "y\uffff"])
    save_picture(figure, tmp_path / "a.svg")
    text = "".join(parsed(tmp_path / "a.svg").itertext())
    assert "title\ufffd" in text
    assert "\ufffdx" in text
    ElementTree.fromstring(as_svg(figure))


def test_a_plot_of_ours_is_well_formed_wherever_it_is_saved(tmp_path):
    table = load_verdicts("embedded").head(400)
    report = bias_report(table.assign(judge=HOSTILE.replace("\ud800", "")))
    for number, axes in enumerate((plot_bias(report), plot_positions(report.rows[0]))):
        axes.figure.savefig(tmp_path / f"{number}.svg")
        parsed(tmp_path / f"{number}.svg")


def test_a_judges_name(tmp_path):
    file = verdicts(tmp_path / "v.jsonl", HOSTILE)
    asked = ("bias", file, "--resamples", "3", "--picture")
    assert call(*asked, str(tmp_path / "b.svg"))[0] == 0
    parsed(tmp_path / "b.svg")
    file = verdicts(tmp_path / "w.jsonl", WIDE)
    asked = ("bias", file, "--resamples", "3", "--picture")
    assert call(*asked, str(tmp_path / "b.png"))[0] == 0
    with Image.open(tmp_path / "b.png") as picture:
        assert picture.width < 4000


def test_the_answers_of_a_report(tmp_path):
    rows = json.loads(json.dumps(POOLS))
    for row in rows:
        row["candidates"][0] = {"text": "five", "answer": "\x085", "correct": False}
    pools = tmp_path / "p.jsonl"
    pools.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "run"
    code, _, err = call("select", str(pools), "--judge", "simulated", "--report", "--out", str(out))
    assert code == 0, err
    page = (out / "report.html").read_text("utf-8")
    pictures = [
        b64decode(data) for data in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)
    ]
    pictures += [part.encode() for part in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert pictures
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert any("\ufffd5" in picture.decode() for picture in pictures)


@pytest.mark.parametrize("name", [WIDE, HOSTILE.replace("\ud800", "")], ids=["wide", "hostile"])
def test_names_in_other_pictures(tmp_path, name):
    """Every plot that is given names by its user."""
    table = load_verdicts("embedded")
    table = table[table["problem_id"].isin(table["problem_id"].unique()[:8])]
    value = Estimate(0.5, 0.4, 0.6, 10, "t")
    entry = {"step": 1, "position_effect": 0.1, "slot_effect": 0.1, "slot_effect_low": 0.0,
             "slot_effect_high": 0.2}  # fmt: skip
    several = [table.assign(judge=name + end) for end in ("1", "2")]
    pictures = [
        plot_accuracies({name: value}, highlight=name),
        plot_price({name: value}, 4),
        plot_audits({name: [entry], "b": [entry]}, "position_effect"),
        plot_estimates(compare_judges(pd.concat(several))),
    ]
    for number, axes in enumerate(pictures):
        file = tmp_path / f"{number}.svg"
        axes.figure.savefig(file, bbox_inches="tight")
        width = float(parsed(file).get("width").removesuffix("pt"))
        assert width < 1500, number
