"""Likelihood and Newton's method of the Bradley-Terry and Davidson models."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.records import UserError

MOST_STEPS = 100
TOLERANCE = 1e-10
_TOO_STRONG = 15.0


class ComparisonModel:
    """Likelihood, slope and curvature from counts: (n, n, 3), how often i before j ended A, B, tie.

    The parameters are theta (n), then gamma and ln nu where the model has them. A ridge along the
    direction in which all strengths move together, which changes no chance, keeps the curvature
    invertible.
    """

    def __init__(self, n: int, ties: bool, order_effect: bool, prior: float | None = None) -> None:
        self.n, self.ties, self.ordered = n, ties, order_effect
        self.size = n + order_effect + ties
        # What the prior adds to the curvature; nothing for ln nu.
        self.pull = np.zeros(self.size)
        if prior is not None:
            self.pull[: n + order_effect] = 1 / prior**2

    def chances(self, parameters: np.ndarray) -> np.ndarray:
        """(n, n, 3) chances of A, B, tie with i before j."""
        n = self.n
        theta = parameters[:n]
        gamma = parameters[n] if self.ordered else 0.0
        logits = np.full((n, n, 3), -np.inf)
        gap = theta[:, None] - theta[None, :]
        logits[:, :, 0], logits[:, :, 1] = gap + gamma, 0.0
        if self.ties:
            logits[:, :, 2] = parameters[-1] + gap / 2
        logits -= logits.max(axis=2, keepdims=True)
        weights = np.exp(logits)
        return np.asarray(weights / weights.sum(axis=2, keepdims=True))

    def likelihood(self, counts: np.ndarray, parameters: np.ndarray) -> float:
        chances = self.chances(parameters)
        there = counts > 0
        return float((counts[there] * np.log(np.maximum(chances[there], 1e-300))).sum())

    def slope(self, counts: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        chances = self.chances(parameters)
        total = counts.sum(axis=2)
        excess = counts - total[:, :, None] * chances
        # A moves theta_i - theta_j by one, a tie by one half.
        pull = excess[:, :, 0] + excess[:, :, 2] / 2
        out = np.zeros(self.size)
        out[: self.n] = pull.sum(axis=1) - pull.sum(axis=0)
        if self.ordered:
            out[self.n] = excess[:, :, 0].sum()
        if self.ties:
            out[-1] = excess[:, :, 2].sum()
        return out

    def curvature(self, counts: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Minus the second derivatives."""
        chances = self.chances(parameters)
        total = counts.sum(axis=2)
        a, t = chances[:, :, 0], chances[:, :, 2]
        level = a + t / 2
        gap = total * (a + t / 4 - level**2)
        n, out = self.n, np.zeros((self.size, self.size))
        out[:n, :n] = -(gap + gap.T)
        out[np.arange(n), np.arange(n)] += gap.sum(axis=1) + gap.sum(axis=0)
        cross = []
        if self.ordered:
            cross.append((n, total * (a - a * level), total * a * (1 - a)))
        if self.ties:
            cross.append((self.size - 1, total * (t / 2 - t * level), total * t * (1 - t)))
        for place, with_gap, own in cross:
            out[:n, place] = out[place, :n] = with_gap.sum(axis=1) - with_gap.sum(axis=0)
            out[place, place] = own.sum()
        if self.ordered and self.ties:
            out[n, n + 1] = out[n + 1, n] = -(total * a * t).sum()
        return out

    def fit(self, counts: np.ndarray, start: np.ndarray | None = None) -> tuple[np.ndarray, int]:
        """Newton's method from ``start``; the parameters and the steps it took."""
        parameters = np.zeros(self.size) if start is None else start.copy()

        def height(at: np.ndarray) -> float:
            return self.likelihood(counts, at) - float(self.pull @ np.square(at)) / 2

        value = height(parameters)
        for step in range(1, MOST_STEPS + 1):
            information = self.curvature(counts, parameters) + np.diag(self.pull)
            information[: self.n, : self.n] += 1.0
            try:
                slope = self.slope(counts, parameters) - self.pull * parameters
                move = np.linalg.solve(information, slope)
            except np.linalg.LinAlgError:
                break
            size = 1.0
            while True:
                new = parameters + size * move
                new_value = height(new)
                if new_value >= value - 1e-9 * abs(value) or size < 1e-6:
                    break
                size /= 2
            parameters, value = new, new_value
            if np.abs(move).max() < TOLERANCE:
                return parameters, step
            if self._strongest(parameters) > 2 * _TOO_STRONG:
                break
        if self.ties and abs(parameters[-1]) > _TOO_STRONG:
            raise UserError(
                "the tie parameter has no finite estimate: nearly all comparisons are ties. Leave "
                "ties out, or add comparisons that somebody won"
            )
        if self._strongest(parameters) > _TOO_STRONG:
            raise UserError(
                "a strength or effect has no finite estimate: somebody, or some position, never "
                "lost or never won. Leave that item, or the order effect, out"
            )
        raise RuntimeError(f"Bradley-Terry did not converge in {MOST_STEPS} Newton steps")

    def _strongest(self, parameters: np.ndarray) -> float:
        spread = float(np.ptp(parameters[: self.n]))
        return max(spread, float(np.abs(parameters[self.n :]).max(initial=0)))

    def scores(
        self,
        i: np.ndarray,
        j: np.ndarray,
        kinds: np.ndarray,
        weights: np.ndarray,
        groups: np.ndarray,
        clusters: int,
        parameters: np.ndarray,
    ) -> np.ndarray:
        """(clusters, parameters) each cluster's share of the slope."""
        chances = self.chances(parameters)[i, j]
        hit = np.zeros_like(chances)
        hit[np.arange(len(i)), kinds] = 1.0
        excess = (hit - chances) * weights[:, None]
        pull = excess[:, 0] + excess[:, 2] / 2
        n, out = self.n, np.zeros((clusters, self.size))
        out[:, :n] = (
            np.bincount(groups * n + i, weights=pull, minlength=clusters * n)
            - np.bincount(groups * n + j, weights=pull, minlength=clusters * n)
        ).reshape(clusters, n)
        if self.ordered:
            out[:, n] = np.bincount(groups, weights=excess[:, 0], minlength=clusters)
        if self.ties:
            out[:, -1] = np.bincount(groups, weights=excess[:, 2], minlength=clusters)
        return out
