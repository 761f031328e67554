"""Public doubles for the world around a pod, typed and documented."""
