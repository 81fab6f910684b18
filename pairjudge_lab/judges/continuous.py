"""transformers' continuous batching: a request that ends makes room for the next at once.

It knows no stop strings, so a text goes on to its end token and is cut afterwards, and it tells no
probabilities of labels. On a processor it is slower than batches that let finished rows go; on a
GPU it was not measured here (``benchmarks/gpu.py --continuous`` does).
"""

from __future__ import annotations

from collections.abc import Sequence

from pairjudge_lab.judges.decoding import Completion, Decoder


class ContinuousDecoder(Decoder):
    """Writes completions greedily through ``generate_batch``; otherwise as ``Decoder``."""

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        limits: Sequence[int],
        *,
        temperature: float = 0.0,
        seeds: Sequence[Sequence[int]] = (),
    ) -> list[Completion]:
        """Complete each prompt greedily; ``temperature`` must be 0.

        Raises:
            RuntimeError: when the library gave no answer to a prompt, so that none is lost unseen.
        """
        from transformers import GenerationConfig

        assert temperature == 0, "ModelOptions lets continuous batching decode greedily alone"
        settings = GenerationConfig(
            do_sample=False,
            max_new_tokens=max(limits),
            eos_token_id=sorted(self._ends) or None,
            pad_token_id=self._pad_id,
        )
        found = self.model.generate_batch(
            [list(prompt) for prompt in prompts], generation_config=settings, warmup=False
        )
        answers = list(found.values())
        broken = [answer.error for answer in answers if answer.error]
        if len(answers) != len(prompts) or broken:
            why = broken[0] if broken else "no reason given"
            raise RuntimeError(
                f"continuous batching answered {len(answers) - len(broken)} of {len(prompts)} "
                f"prompts ({why}); go on without --continuous"
            )
        return [
            self._completion(answer.generated_tokens, limit)
            for answer, limit in zip(answers, limits, strict=True)
        ]

    def _completion(self, tokens: Sequence[int], limit: int) -> Completion:
        """What stands before the end token, the stop string or the limit, whichever comes first."""
        longest = max(map(len, self.stop), default=0)
        kept: list[int] = []
        tail, ended = "", False
        for token in tokens:
            if token in self._ends:
                ended = True
                break
            kept.append(token)
            piece = self._piece(token)
            tail = (tail + piece)[-longest - len(piece) :]
            if any(stop in tail for stop in self.stop):
                ended = True
                break
            if len(kept) == limit:
                break
        text = self.tokenizer.batch_decode(
            [kept], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )[0]
        return Completion(text, len(kept), not ended, (None,) * len(self.cues))
