"""A model that answers from a file: for demos, tests, and manifests without a key."""
