"""A real inference server: transformers' own, with the small judge behind it."""

import pytest

from pairjudge_lab import Arena, ModelOptions, load_judge, load_pools
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import Status
from tests.judges.transformers_server import transformers_server

pytest.importorskip("fastapi", reason="the server needs transformers[serving]")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serves the small judge on a free port of this machine until the tests are done."""
    log = tmp_path_factory.mktemp("serve") / "log"
    with transformers_server(data_path("tiny-judge"), log) as url:
        yield url


@pytest.mark.slow
def test_it_says_what_the_model_says_here(address):
    """The same greedy verdicts through HTTP as in this process; no sum is done in another batch."""
    folder = data_path("tiny-judge")
    options = ModelOptions(template=folder / "judge_template.md", batch_size=4, max_new_tokens=400)
    server = load_judge(f"{address}#{folder}", options)
    pools = [pool.first(3) for pool in load_pools("embedded", limit=4)]
    matches = [match for pool in pools for match in all_ordered_pairs(pool)]
    theirs = Arena(server).judge(matches)
    ours = load_judge("tiny", ModelOptions(batch_size=1)).judge(matches)
    assert {v.status for v in theirs} == {Status.PARSED}
    assert [v.outcome for v in theirs] == [v.outcome for v in ours]
    assert all(v.prompt_tokens == w.prompt_tokens for v, w in zip(theirs, ours, strict=True))
