"""What a model can do to files, and nothing that leads outside a scope."""
