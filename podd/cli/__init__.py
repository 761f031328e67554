"""podctl: what a person or a script types. A client, nothing more."""
