"""What a model is sent and what it answers, in no provider's words."""
