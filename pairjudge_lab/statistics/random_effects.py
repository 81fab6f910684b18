"""Random effects of judges and problems in a logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RandomEffects(Result):
    """A fitted mixed model.

    Attributes
    ----------
    names : tuple of str
        Of the fixed effects; ``fixed``: (names,) their posterior means, and ``fixed_sd`` their
        standard deviations by the variational approximation, which takes parameters for independent
        and so makes them too small: take errors from ``clustered_logit``.
    spread : mapping
        By factor, the posterior mean of the standard deviation of its effects, on the logit scale,
        and limits at 95 % by the same approximation.
    effects : mapping
        By factor, each level's own effect by name.
    """

    names: tuple[str, ...]
    fixed: np.ndarray
    fixed_sd: np.ndarray
    spread: dict[str, tuple[float, float, float]]
    effects: dict[str, dict[str, float]] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One line a fixed effect and one a factor's standard deviation."""
        import pandas as pd

        rows: list[dict[str, Any]] = [
            {"parameter": n, "estimate": v, "low": v - 1.96 * s, "high": v + 1.96 * s}
            for n, v, s in zip(self.names, self.fixed, self.fixed_sd, strict=True)
        ]
        rows += [
            {"parameter": f"sd of {name}", "estimate": value, "low": low, "high": high}
            for name, (value, low, high) in self.spread.items()
        ]
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        return self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")


def random_effects(
    won: Sequence[float] | np.ndarray,
    factors: Mapping[str, Sequence[str] | np.ndarray | pd.Series],
    *,
    design: np.ndarray | None = None,
    names: Sequence[str] = ("(intercept)",),
    seed: int = 0,
) -> RandomEffects:
    """How much judges, problems and other factors differ beyond chance.

    logit P = x beta + the effects of the row's levels, each factor's normal with a standard
    deviation of its own. By statsmodels' ``BinomialBayesMixedGLM``, fitted by variational Bayes;
    the logarithm of each standard deviation has a normal prior with mean 0 and variance 1.

    Parameters
    ----------
    won : sequence of float or array
        (rows,) 0 or 1, such as whether the response shown first won.
    factors : mapping
        By name, (rows,) the level of each, such as ``{"judge": ..., "problem": ...}``.
    design : array or None
        (rows, names) the fixed effects; an intercept by default.
    names : sequence of str
        Of the fixed effects.
    seed : int
        Of the start of the optimisation.

    Raises
    ------
    UserError
        For values other than 0 and 1, or a factor with fewer than three levels.
    """
    import pandas as pd
    from scipy import sparse
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

    y = np.asarray(won, dtype=float)
    if not y.size or not np.isin(y, (0, 1)).all():
        raise UserError("random effects are fitted to wins and losses, 1 and 0")
    x = np.ones((y.size, 1)) if design is None else np.asarray(design, dtype=float)
    if x.shape != (y.size, len(names)):
        raise UserError(f"{y.size} rows and {len(names)} names need a design of that shape")
    blocks, owner, levels = [], [], {}
    for place, (name, values) in enumerate(factors.items()):
        codes, labels = codes_by_name(pd.Series(list(values)), name)
        if len(codes) != y.size or len(labels) < 3:
            raise UserError(
                f"{name!r} has {len(labels)} levels in {len(codes)} rows; a spread needs three "
                f"levels or more, and a level for each of the {y.size} rows"
            )
        blocks.append(
            sparse.csr_matrix(
                (np.ones(y.size), (np.arange(y.size), codes)), shape=(y.size, len(labels))
            )
        )
        owner += [place] * len(labels)
        levels[name] = labels
    if not blocks:
        raise UserError("name a factor, such as the problem")
    model = BinomialBayesMixedGLM(y, x, sparse.hstack(blocks).tocsr(), np.array(owner), vcp_p=1.0)
    # statsmodels starts at random, from numpy's global state unless it is told where.
    size = x.shape[1] + len(factors) + len(owner)
    rng = np.random.default_rng(seed)
    found = model.fit_vb(
        mean=0.1 * rng.standard_normal(size), sd=np.exp(0.1 * rng.standard_normal(size) - 1)
    )
    effects, begin = {}, 0
    for name, labels in levels.items():
        values = found.vc_mean[begin : begin + len(labels)]
        effects[name] = {label: float(v) for label, v in zip(labels, values, strict=True)}
        begin += len(labels)
    spread = {
        name: (
            float(np.exp(mean + sd**2 / 2)),
            float(np.exp(mean - 1.96 * sd)),
            float(np.exp(mean + 1.96 * sd)),
        )
        for name, mean, sd in zip(factors, found.vcp_mean, found.vcp_sd, strict=True)
    }
    return RandomEffects(
        tuple(names), np.asarray(found.fe_mean), np.asarray(found.fe_sd), spread, effects
    )
