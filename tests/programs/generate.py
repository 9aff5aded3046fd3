"""The n-th program of a kind."""

from tests.programs.arrays import LayerWriter, TensorWriter
from tests.programs.program import KINDS
from tests.programs.scalars import ScalarWriter


class GraphWriter(ScalarWriter):
    kind = "graph"
    CLASSES = False


WRITERS = {writer.kind: writer for writer in (ScalarWriter, LayerWriter, TensorWriter, GraphWriter)}


def generate(seed, kind=None):
    """A program: always the same for a seed."""
    return WRITERS[kind or KINDS[seed % len(KINDS)]](seed).program()
