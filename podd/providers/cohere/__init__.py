"""Cohere's chat, the second version of its API."""
