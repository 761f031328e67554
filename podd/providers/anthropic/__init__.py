"""The Messages API, as Anthropic defined it and some other servers speak it."""
