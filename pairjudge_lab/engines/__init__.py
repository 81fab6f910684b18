"""How text is generated: one contract for models in this process, servers and clusters."""

from pairjudge_lab.engines.contract import (
    Completion,
    Engine,
    EngineSession,
    Request,
    generate,
)
from pairjudge_lab.generation import GenerationConfig

__all__ = ["Completion", "Engine", "EngineSession", "GenerationConfig", "Request", "generate"]
