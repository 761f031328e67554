"""The state of one pod, folded from its entries."""
