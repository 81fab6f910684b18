"""From problems to candidates: an engine and a prompt, the first half of a Best-of-N study."""

from pairjudge_lab.sampling.prompt import SolutionPrompt, read_shots
from pairjudge_lab.sampling.sampler import Sampled, sample

__all__ = ["Sampled", "SolutionPrompt", "read_shots", "sample"]
