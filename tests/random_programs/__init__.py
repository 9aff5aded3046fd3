"""Programs that people write, written by chance: each runs compiled and eager, and the two must agree.

``python -m tests.random_programs --seed 3`` prints a program and what came of it.
"""
