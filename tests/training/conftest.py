"""A small folder of judgments, and a base model, for every test of training."""

import pytest
import torch

from pairjudge_lab.answers import prepare
from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.embedded import data_path
from pairjudge_lab.protocols import PairJudgeProtocol
from pairjudge_lab.tournaments import tournament
from pairjudge_lab.toy.teacher import PAIRWISE, POINTWISE, ChainTeacher
from pairjudge_lab.training.annotate import annotate


@pytest.fixture(autouse=True, scope="session")
def one_core():
    """Models this small gain nothing from a second core, and wait for it when it is busy."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pools():
    return [prepare(pool.first(6)) for pool in load_pools("embedded", limit=40)]


@pytest.fixture(scope="session")
def judgments(pools, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judgments")
    annotate(
        pools, ChainTeacher(), tournament("round-robin", order="both"), folder,
        protocol=PairJudgeProtocol(PAIRWISE), critic=ChainTeacher(pointwise=True),
        critic_template=POINTWISE, held_out=0.2,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def base():
    """A real chat model of a million parameters; that it can judge already changes nothing here."""
    return str(data_path("tiny-judge"))
