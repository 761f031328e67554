"""What makes a turn of a model's answers: one file a driver, one contract for all."""
