"""The list of facts: entries, their digest chain, the events they stand for."""
