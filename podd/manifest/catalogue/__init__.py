"""What is known of models: built in, from the user's file, and from a price list.

A pod's process needs `facts` only; what reads files is imported where a manifest is
loaded or a model is changed.
"""
