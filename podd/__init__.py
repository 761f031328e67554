"""podd runs LLM agents as pods: one process, one scope, one durable session each."""

__version__ = "0.1.0"
