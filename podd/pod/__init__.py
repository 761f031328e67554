"""The entry of a pod's process."""
