"""What turns a neutral request into an answer: one folder a provider, one transport.

Every folder holds the same files: `request.py` (a `ModelRequest` to what is sent),
`stream.py` (what comes back, in any split, to deltas and one response), `errors.py`
(a refusal to a `ProviderError`), all three pure, and `provider.py`, the object that the
runtime holds. What they share stands beside them: the transport, the retries, the
event decoder, the keys.
"""
