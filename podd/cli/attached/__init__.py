"""A person at a terminal, attached to one pod.

What has happened is printed and scrolls away; what is in flight stands in a few live
lines below it, with the line that is typed. Only `terminal.py` knows how that is drawn.
"""
