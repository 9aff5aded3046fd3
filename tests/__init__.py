"""The tests; ``tests.programs`` writes programs, ``python -m tests.nightly`` runs what is too long for every change."""
