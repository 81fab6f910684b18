import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.protocols.pairjudge import PairJudgeProtocol
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import Candidate, Match, Pool, Problem
from pairjudge_lab.toy import chains, examples, models

seeds = st.integers(0, 10_000)


def chain_of(seed, held_out=False):
    return chains.random_chain(np.random.default_rng(seed), held_out=held_out)


def test_by_hand():
    chain = chains.Chain(7, (("+", 5), ("*", 3)))
    assert chain.question == "Start with 7. Add 5. Multiply by 3."
    assert chain.answer == 36
    right = "7 + 5 = 12\n12 * 3 = 36\nThe answer is \\boxed{36}."
    wrong = "7 + 5 = 13\n13 * 3 = 39\nThe answer is \\boxed{39}."
    assert chains.write_solution(chain) == right
    assert chains.write_judgment(chain, right, wrong) == (
        "Response A\n"
        "7 + 5 = 12, says 12, right\n"
        "12 * 3 = 36, says 36, right\n"
        "answer 36, says 36, right\n"
        "Response B\n"
        "7 + 5 = 12, says 13, wrong\n"
        "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>"
    )


@given(seeds, st.booleans())
def test_chains_stay_in_their_world(seed, held_out):
    chain = chain_of(seed, held_out)
    assert all(0 <= value <= chains.LIMIT for value in chain.values)
    assert chains.parse_chain(chain.question) == chain
    assert chain.held_out == held_out
    assert chains.final_answer(chains.write_solution(chain)) == chain.answer


def test_a_tenth_is_held_out():
    rng = np.random.default_rng(0)
    drawn = [chains.random_chain(rng, held_out=bool(i % 2)) for i in range(200)]
    assert {c.question for c in drawn if c.held_out}.isdisjoint(
        c.question for c in drawn if not c.held_out
    )


@given(seeds)
def test_the_teacher_is_right(seed):
    rng = np.random.default_rng(seed)
    chain = chain_of(seed)
    solutions = [chains.write_solution(chain), chains.write_wrong_solution(chain, rng)]
    for a in solutions:
        for b in solutions:
            verdict = PairJudgeProtocol().read(chains.write_judgment(chain, a, b))
            assert (
                verdict.a_correct == (chains.final_answer(a) == chain.answer) or a != solutions[0]
            )
            assert verdict.a_correct == chains.write_check(chain, a)[1]
            assert verdict.b_correct == chains.write_check(chain, b)[1]
            if verdict.a_correct:
                assert chains.final_answer(a) == chain.answer


@pytest.mark.parametrize("text", ["", "nonsense", "\\boxed{1}", "1 + 1 = 2", "\\boxed{x}"])
def test_a_solution_that_shows_no_work_is_not_passed(text):
    assert chains.write_check(chain_of(1), text)[1] is False


def test_the_prompt_a_judge_is_trained_on_is_the_one_it_is_asked():
    transformers = pytest.importorskip("transformers")
    del transformers
    rng = np.random.default_rng(0)
    tokenizer = models.build_tokenizer(0)
    chain = chain_of(3)
    solutions = chains.write_solution(chain), chains.write_wrong_solution(chain, rng)
    pool = Pool(Problem("p", chain.question), tuple(map(Candidate, solutions)))
    protocol = PairJudgeProtocol(Template(examples.TEMPLATE))
    asked = tokenizer.apply_chat_template(
        protocol.messages(Match(pool, 0, 1)), tokenize=False, add_generation_prompt=True
    )
    assert asked == examples.judge_prompt(chain.question, *solutions)


@given(st.text(max_size=40))
def test_the_tokenizer_loses_nothing(text):
    tokenizer = TOKENIZER
    assert tokenizer.decode(tokenizer(text).input_ids) == text


TOKENIZER = models.build_tokenizer(0)


def test_training_goes_on_where_it_was_stopped(tmp_path):
    """Twelve steps at one go, and the same with a stop after eight: the same weights."""
    import torch

    # A model this small gains nothing from a second core.
    torch.set_num_threads(1)

    def weights(folder, *stops):
        for stop in stops:
            model = models.new_model(len(TOKENIZER), 0)
            models.train(
                model, TOKENIZER, examples.solver_example, out=folder, steps=12, stop_at=stop,
                batch_size=16, learning_rate=1e-3, seed=0, save_every=4,
            )  # fmt: skip
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    at_one_go = weights(tmp_path / "one", 12)
    in_two = weights(tmp_path / "two", 8, 12)
    assert torch.equal(at_one_go, in_two)


def test_the_card_says_what_a_faultless_check_would_reach():
    from pairjudge_lab import Arena, load_pools
    from pairjudge_lab.arena import all_ordered_pairs
    from pairjudge_lab.toy.card import step_check
    from pairjudge_lab.toy.teacher import ChainTeacher
    from tests.conftest import make_pool

    pools = [pool.first(5) for pool in load_pools("embedded", limit=30)]
    matches = [match for pool in pools for match in all_ordered_pairs(pool)]
    teacher = Arena(ChainTeacher(errors=0.2)).judge(matches)
    table = pd.DataFrame(
        {
            "problem_id": [m.pool.problem.id for m in matches],
            "response_a": [str(m.a) for m in matches],
            "response_b": [str(m.b) for m in matches],
            "status": [v.status.value for v in teacher],
            "a_correct": [v.a_correct for v in teacher],
            "b_correct": [v.b_correct for v in teacher],
        }
    )
    found = step_check(pools, table)
    # One label in ten was turned round by plan.
    assert found["agreement"] == pytest.approx(0.9, abs=0.02)
    sound = [
        chains.write_check(chains.parse_chain(p.problem.question), c.text)[1] == c.correct
        for p in pools
        for c in p.candidates
    ]
    assert found["reachable"] == pytest.approx(np.mean(sound))
    assert step_check([make_pool([True, False])], table) is None
