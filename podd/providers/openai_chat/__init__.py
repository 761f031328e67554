"""Chat completions, as OpenAI defined them and many servers speak them."""
