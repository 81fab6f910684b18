import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForCausalLM

from pairjudge_lab.embedded import data_folder
from pairjudge_lab.transformers_names import cache_name, read_cache

TINY = data_folder() / "tiny-judge"


class Newer:
    def forward(self, input_ids, cache=None): ...


class Older:
    def forward(self, input_ids, past_key_values=None): ...


class Wrapped:
    """As peft's wrappers: anything goes in and is handed on."""

    def __init__(self, inner):
        self.inner = inner

    def get_base_model(self):
        return self.inner

    def forward(self, *args, **more): ...


@pytest.mark.parametrize(("model", "name"), [(Newer(), "cache"), (Older(), "past_key_values")])
def test_the_cache_is_passed_as_the_model_takes_it_and_read_as_it_gives_it(model, name):
    assert cache_name(model) == cache_name(Wrapped(model)) == name
    assert read_cache({"logits": 1, name: "kept"}) == "kept"
    assert read_cache({"logits": 1}) is None


def test_a_cached_step_says_what_a_whole_reading_says():
    model = AutoModelForCausalLM.from_pretrained(TINY).eval()
    ids = torch.tensor([[5, 9, 7, 11, 6]])
    with torch.inference_mode():
        whole = model(ids).logits[0, -1]
        cache = read_cache(model(ids[:, :3], use_cache=True))
        step = model(ids[:, 3:], **{cache_name(model): cache}).logits[0, -1]
        forgetful = model(ids[:, 3:]).logits[0, -1]
    torch.testing.assert_close(step, whole, atol=1e-4, rtol=1e-4)
    assert (forgetful - whole).abs().max() > 0.01, "the cache matters here"


def test_judging_uses_no_name_that_transformers_marks_as_going():
    """In a process of its own: what a logger tells, it tells once."""
    code = """
import logging, warnings
warnings.simplefilter("error", DeprecationWarning)
warnings.simplefilter("error", FutureWarning)
import transformers
told = []
listener = logging.Handler()
listener.emit = lambda record: told.append(record.getMessage())
logging.getLogger("transformers").addHandler(listener)
from pairjudge_lab import ModelOptions, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
matches = [m for pool in load_pools(limit=2) for m in all_ordered_pairs(prepare(pool.first(3)))]
for options in (ModelOptions(), ModelOptions(fast=True), ModelOptions(temperature=1.0)):
    assert len(load_judge("tiny", options).judge(matches)) == len(matches)
assert not [text for text in told if "deprecat" in text], told
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_training_is_told_to_checkpoint_and_to_share_in_the_words_of_this_version(tmp_path):
    """In a process of its own: what a logger tells, it tells once."""
    code = f"""
import logging
from transformers import TrainingArguments
from pairjudge_lab.transformers_names import checkpointing_name, sharding
told = []
listener = logging.Handler()
listener.emit = lambda record: told.append(record.getMessage())
logging.getLogger("transformers").addHandler(listener)
where = dict(output_dir={str(tmp_path)!r}, use_cpu=True)
args = TrainingArguments(**where, **{{checkpointing_name(): True}})
assert getattr(args, checkpointing_name()) is True
args = TrainingArguments(**where, fsdp=sharding())
assert args.fsdp and "wrap" in str(args.fsdp_plugin_args or args.fsdp), args
assert not [text for text in told if "deprecat" in text], told
"""
    subprocess.run([sys.executable, "-c", code], check=True)
