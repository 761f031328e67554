"""The Responses API, as OpenAI defined it and some servers speak it."""
