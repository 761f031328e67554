"""One file a verb. Each holds `command`, and is imported when it is used."""
