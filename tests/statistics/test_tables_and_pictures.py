import json

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.datasets.verdicts import load_verdicts, verdict_table
from pairjudge_lab.plots.bias import plot_bias, plot_flips, plot_positions, plot_reliability
from pairjudge_lab.plots.training import plot_audits
from pairjudge_lab.plots.triads import plot_triads
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from pairjudge_lab.statistics.stability import stability
from pairjudge_lab.statistics.transitivity import transitivity


@pytest.fixture(scope="module")
def study():
    return simulate_study(Plan(problems=30, repetitions=2), np.random.default_rng(0))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_every_format_is_the_same_table(study, tmp_path, suffix, capsys):
    from pairjudge_lab.datasets.verdicts import save_verdicts

    path = tmp_path / f"v.{suffix}"
    save_verdicts(study, path)
    assert bias_report(load_verdicts(path), resamples=20).rows[0].row() == (
        bias_report(study, resamples=20).rows[0].row()
    )


def test_a_dataset_is_a_table_too(study):
    from datasets import Dataset

    table = verdict_table(Dataset.from_pandas(study))
    assert bias_report(table, resamples=10).rows[0].pairs == 240


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="verdict"), "column verdict missing; it has judge, repetition"),
        (lambda t: t.assign(verdict="maybe"), "row 1: unknown verdict 'maybe'; a verdict is"),
        (lambda t: pd.concat([t, t.iloc[[3]]]), "a second time in one repetition"),
        (lambda t: t.assign(response_b=t.response_a), "row 1: response 'x0' is paired with"),
        (lambda t: t.assign(gold="C"), "row 1: gold is A, B or empty; got 'C'"),
        (lambda t: t.iloc[:0], "there are no verdicts in it"),
    ],
)
def test_tables_that_are_not_sound(study, change, message):
    with pytest.raises(UserError, match=message):
        verdict_table(change(study))


def test_bias_on_the_command_line(study, tmp_path, capsys):
    path = tmp_path / "v.csv"
    study.to_csv(path, index=False)
    picture = tmp_path / "forest.svg"
    assert main(["bias", str(path), "--json", "--resamples", "100", "--picture", str(picture)]) == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert group["judge"] == "planted"
    assert group["pairs"] == 240
    kinds = ("consistent", "primacy", "recency", "unread")
    assert sum(group[kind] for kind in kinds) == group["pairs"]
    for key in ("consistency", "order_effect", "accuracy", "position_effect"):
        assert group[key]["low"] <= group[key]["estimate"] <= group[key]["high"]
    assert -1 <= group["kappa"] <= 1
    assert picture.read_text().count("<svg") == 1
    assert main(["bias", str(path), "--by", "repetition", "--resamples", "50"]) == 0
    printed = capsys.readouterr().out
    assert "pairs with an unread verdict" in printed
    for bad, message in (
        (["--by", "colour"], "no column 'colour'"),
        (["--picture", str(tmp_path / "forest.gif")], "written as .svg, .pdf or .png"),
    ):
        assert main(["bias", str(path), *bad]) == 2
        assert message in capsys.readouterr().err


def test_a_table_without_judge_or_gold(study, tmp_path, capsys):
    path = tmp_path / "v.csv"
    study.drop(columns=["judge", "gold"]).to_csv(path, index=False)
    assert main(["bias", str(path), "--json", "--resamples", "20"]) == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert group["accuracy"] is None


def test_every_result_has_a_picture(study):
    report = bias_report(study, resamples=50)
    axes = plot_bias(report)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["planted"]
    assert any("same winner twice" in t.get_text() for t in axes.texts)
    drawn = plot_positions(report.rows[0])
    areas = sum(bar.get_width() * bar.get_height() for bar in drawn.patches)
    assert areas == pytest.approx(1.0)
    found = stability(study, resamples=50)
    flips = plot_flips({"planted": found})
    widths = [bar.get_width() for bar in flips.patches]
    assert widths == pytest.approx([100 * found.flips.estimate, 100 * found.noise.estimate])
    assert any(
        f"{100 * found.position_effect.estimate:+.1f} [" in t.get_text() for t in flips.texts
    )
    reliability = plot_reliability(found)
    assert reliability.patches
    assert f"{100 * found.stability.low:.1f}, " in reliability.get_title(loc="left")
    few = stability(study[study["problem_id"].isin(study["problem_id"].unique()[:3])])
    title = plot_reliability(few).get_title(loc="left")
    assert title.startswith(f"stability {100 * few.stability.estimate:.1f} %, ")
    triads = plot_triads({"planted": transitivity(study, resamples=20)})
    assert triads.get_xlabel().startswith("circular triples")


def test_a_run_of_training_is_drawn_with_its_intervals():
    audit = {
        "step": 10,
        "slot_effect": 0.5,
        "slot_effect_low": 0.25,
        "slot_effect_high": 0.75,
    }
    runs = {"one": [{"loss": 1.0}, audit, {**audit, "step": 20}], "two": [audit]}
    ax = plot_audits(runs, "position_effect")
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines["one"].get_xdata()) == [10, 20]
    assert list(lines["one"].get_ydata()) == [50, 50]
    assert ax.get_xlabel() == "step"
    low, high = ax.collections[0].get_datalim(ax.transData).intervaly
    assert (low, high) == (25, 75)
