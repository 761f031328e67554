"""The directories a pod may touch: rules, overlap, explanation. An algebra, no I/O."""
