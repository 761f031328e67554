"""Sessions on the disk: the one writer, readers, verification, blobs.

`opening` makes or opens a journal for its one writer; `forking` makes a session of a
session, `pruning` takes sessions away; `sessions` finds what there is;
`reader` and `verification` serve those who only look.
"""
