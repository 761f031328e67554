"""Sessions on the disk: the one writer, readers, verification, blobs.

`opening` makes or opens a journal for its one writer; `sessions` finds what there is;
`reader` and `verification` serve those who only look.
"""
