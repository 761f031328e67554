"""What crosses a pod's socket: Structs and lines, no I/O.

The contract in words is `protocol/README.md`; `protocol/schema.json` is generated from
the Structs here.
"""
