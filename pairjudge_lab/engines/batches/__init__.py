"""The batch endpoints of OpenAI and Anthropic: half the price, and hours until the answers."""

from pairjudge_lab.engines.batches.anthropic_batch import AnthropicBatchEngine
from pairjudge_lab.engines.batches.openai_batch import OpenAIBatchEngine
from pairjudge_lab.engines.batches.session import BatchOptions

__all__ = ["AnthropicBatchEngine", "BatchOptions", "OpenAIBatchEngine"]
