"""Benchmarks: ``python -m fastpath.bench CASE``. Everything compared is measured in one run, interleaved.

Every library runs with its default number of threads. To compare on one core, where other programs disturb
least, let the system see to it for all of them: ``taskset -c 0 python -m fastpath.bench tensor`` (Linux).
"""
