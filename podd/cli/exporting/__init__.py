"""A session as a file: records one a line, or a transcript for people.

Both are made entry by entry as the journal is read and verified, so a session of any
length needs little memory.
"""
