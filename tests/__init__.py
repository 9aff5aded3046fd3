"""The tests. ``tests.random_programs`` writes programs; ``python -m tests.nightly`` runs what is too long for every day."""
