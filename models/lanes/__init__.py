"""The lanes: the published arithmetic of other tools, each a model of its own beside the default one.

A folder is a lane: data files, SQL steps in order, and `differences.csv`, which says where it departs on purpose.
"""
