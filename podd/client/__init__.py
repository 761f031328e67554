"""Speak to pods through their sockets. Synchronous: a client has nothing else to do."""
