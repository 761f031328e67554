"""One table for all pods of a user: who may write where, and the proof of death."""
