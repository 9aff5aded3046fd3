"""Benchmarks: ``python -m fastpath.bench CASE``. Everything compared is measured in one run, interleaved."""
