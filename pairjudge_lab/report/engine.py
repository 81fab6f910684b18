"""papermill's engine with our progress in place of its bar."""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, papermill_engines

from pairjudge_lab.progress import Progress

NAME = "pairjudge-lab"


class ReportingEngine(NBClientEngine):  # type: ignore[misc,unused-ignore]
    """Runs a notebook and shows how many of its cells have run."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, shown: bool = False, **settings: Any
    ) -> None:
        complete = nb_man.cell_complete
        with Progress(len(nb_man.nb.cells), "cells", shown) as progress:

            def completed(*args: Any, **more: Any) -> None:
                complete(*args, **more)
                progress.update()

            nb_man.cell_complete = completed
            super().execute_managed_notebook(nb_man, kernel_name, **settings)


papermill_engines.register(NAME, ReportingEngine)
