"""What people decided beforehand: from permission rules to a verdict on a call.

Pure: no file is looked at. What a rule reads in a command line is what is written
there. A program can do what its name does not say, so rules are for the things that
an agent would do in good faith; what must not happen at all is the business of the
scope and the sandbox.
"""
