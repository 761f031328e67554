"""Every text that podd itself puts before a model, as files that a user may replace.

Nothing here reads a clock or the environment: what a text depends on is handed in.
"""
