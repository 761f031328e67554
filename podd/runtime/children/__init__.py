"""Looks after the pods that this one lends to, and after the one that lends to it."""
