"""Chat completions, as Azure serves them."""
