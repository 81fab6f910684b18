"""Estimates as plain values of a row for JSON, infinite ones by their name."""

from __future__ import annotations

from math import isfinite, isnan

from pairjudge_lab.statistics.intervals import Estimate


def ends_row(low: float, high: float) -> dict[str, float | str | None]:
    return {"low": json_number(low), "high": json_number(high)}


def estimate_row(value: Estimate | None) -> dict[str, float | str | None] | None:
    if value is None:
        return None
    return {"estimate": json_number(value.estimate), **ends_row(value.low, value.high)}


def json_number(value: float) -> float | str | None:
    """A number that JSON can hold: NaN is None, and infinity the word for it."""
    if isnan(value):
        return None
    return float(value) if isfinite(value) else str(value)
