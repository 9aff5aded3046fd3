"""The n-th program of a kind."""

from tests.random_programs.arrays import LayerWriter, TensorWriter
from tests.random_programs.program import KINDS
from tests.random_programs.scalars import ScalarWriter


class GraphWriter(ScalarWriter):
    kind = "graph"
    CLASSES = False


WRITERS = {writer.kind: writer for writer in (ScalarWriter, LayerWriter, TensorWriter, GraphWriter)}


def generate(seed, kind=None):
    """A program: always the same for a seed."""
    return WRITERS[kind or KINDS[seed % len(KINDS)]](seed).program()
