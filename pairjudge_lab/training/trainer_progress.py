"""The steps of transformers' Trainer in our progress."""

from __future__ import annotations

from typing import Any

from pairjudge_lab.progress import Progress


def progress_callback(progress: Progress) -> Any:
    """A callback of transformers' Trainer that counts its steps and notes their loss."""
    from transformers import TrainerCallback

    class Shows(TrainerCallback):  # type: ignore[misc,unused-ignore]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.update(state.global_step, counted=False)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.update()

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any
        ) -> None:
            if "loss" in (logs or {}):
                progress.note(loss=f"{logs['loss']:.3f}")

    return Shows()
