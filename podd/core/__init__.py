"""The pure middle: facts in, intentions out. No I/O, no clock, no randomness."""
