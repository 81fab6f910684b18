"""Any server that speaks the OpenAI chat protocol: vLLM, SGLang, llama.cpp, a commercial API."""

from pairjudge_lab.engines.server.engine import ServerEngine
from pairjudge_lab.engines.server.options import KEY_VARIABLE, ServerOptions

__all__ = ["KEY_VARIABLE", "ServerEngine", "ServerOptions"]
