"""Performs what the core asks for, and tells it what came of it."""
