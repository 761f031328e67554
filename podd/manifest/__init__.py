"""What declares a pod: its schema, the layers it comes from, errors with their line.

A pod's process needs `schema`, `resolved` and `document` only; what reads files and
finds lines (`loading` and below) is imported where a manifest is loaded.
"""
