"""What is known by name: one small record a dataset, one file a kind.

A record says where a dataset lies, under which licence, and how its rows become the lab's. Nothing
of any dataset is part of the lab.
"""
