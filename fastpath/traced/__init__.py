"""Tracing of functions over arrays: run once on stand-ins for their arguments, recorded as a :class:`.graph.Graph`."""

from __future__ import annotations
