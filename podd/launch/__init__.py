"""Starts a pod: allocate, exec, wait until it is ready. One way for everyone."""
