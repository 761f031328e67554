"""The turn machine: facts in, entries and effects out. Live code alone runs it."""
