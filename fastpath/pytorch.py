"""What PyTorch's programs call a Tensor's operations, where NumPy's name is another: each is one line of the library's.

``x.view(2, -1)`` is ``reshape``, ``x.unsqueeze(0)`` is ``expand_dims``, and so on. They are recorded, drawn and
compiled as the operation they stand for. A name with ``_`` at its end changes a leaf in place.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from fastpath.node import ArrayNode, leaf
from scalargrad import modes
from scalargrad.ops import composite as ops
from scalargrad.ops import elementwise, structural
from scalargrad.settings import short


class PyTorchNames(ArrayNode):
    """The methods of these names."""

    __slots__ = ()

    # --- what it is --------------------------------------------------------------------------------------------------

    def dim(self) -> int:
        """The number of axes: ``ndim``."""
        return self.ndim  # type: ignore[no-any-return]

    def numel(self) -> int:
        """The number of elements: ``size``."""
        return int(self.size)

    nelement = numel

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self._op is None

    # --- moved -------------------------------------------------------------------------------------------------------

    def view(self, *shape: Any) -> Any:
        """The same elements in another shape: ``reshape``."""
        return structural.reshape(self, shape if len(shape) > 1 else shape[0])

    def unsqueeze(self, axis: int) -> Any:
        """With a new axis of length 1: ``expand_dims``."""
        return ops.expand_dims(self, axis)

    def permute(self, *axes: Any) -> Any:
        """The axes in another order: ``transpose``."""
        return structural.transpose(self, axes if len(axes) > 1 else axes[0])

    def t(self) -> Any:
        """A matrix transposed: ``T``."""
        if self.ndim > 2:
            raise ValueError(f"t() is for a matrix, not for shape {self.shape}: use mT, permute or swapaxes")
        return structural.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802
        """The last two axes exchanged: ``swapaxes(-1, -2)``."""
        return ops.swapaxes(self, -1, -2)

    def expand(self, *shape: Any) -> Any:
        """Repeated along axes of length 1 and new ones, −1 being the length there is: ``broadcast_to``."""
        lengths = tuple(shape if len(shape) > 1 else np.atleast_1d(shape[0]).tolist())
        own = (1,) * (len(lengths) - self.ndim) + self.shape
        return structural.broadcast_to(self, tuple([n if m == -1 else m for n, m in zip(own, lengths, strict=True)]))

    # --- computed ----------------------------------------------------------------------------------------------------

    def clamp(self, min: Any = -np.inf, max: Any = np.inf) -> Any:
        """Held between two bounds: ``clip``."""
        return elementwise.clip(self, -np.inf if min is None else min, np.inf if max is None else max)

    def masked_fill(self, mask: Any, value: Any) -> Any:
        """``value`` where the mask is true: ``where(mask, value, x)``."""
        return elementwise.where(mask, value, self)

    def mm(self, other: Any) -> Any:
        """The product of matrices: ``matmul``."""
        return structural.matmul(self, other)

    bmm = mm

    def eq(self, other: Any) -> Any:
        """Where the numbers are equal: ``==``."""
        return self == other

    # --- copied, and as another type ---------------------------------------------------------------------------------

    def clone(self) -> Any:
        """A copy, through which the gradient passes."""
        return self * 1.0 if self.requires_grad or modes.active else leaf(self._data.copy())  # type: ignore[operator]

    def contiguous(self) -> Self:
        """The Tensor itself: how its elements lie in memory makes no difference here."""
        return self

    cpu = contiguous

    def to(self, *wanted: Any, dtype: Any = None, device: Any = None) -> Any:
        """As another float type, ``astype``; the only device is "cpu"."""
        x: Any = self
        for given in (*wanted, device, dtype):
            if given is None or str(given) == "cpu":
                continue
            if isinstance(given, str) and given.partition(":")[0] in ("cuda", "mps", "gpu"):
                raise ValueError(f"to: Tensors live in the memory of this computer, 'cpu', not on {short(given)}")
            kind = np.dtype(given.dtype if isinstance(given, ArrayNode) else given)
            if kind.kind != "f":
                self._look(f"to({kind})")
                x = leaf(x._data.astype(kind))
            elif x._data.dtype.kind != "f":
                x = leaf(x._data.astype(kind))
            else:
                x = structural.astype(x, kind)
        return x

    type = to

    def float(self) -> Any:
        """As float32."""
        return self.to(np.float32)

    def double(self) -> Any:
        """As float64."""
        return self.to(np.float64)

    def long(self) -> Any:
        """As whole numbers, towards 0; no gradient passes."""
        return self.to(np.int64)

    # --- changed in place --------------------------------------------------------------------------------------------

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether a gradient is asked of this leaf."""
        if self._op is not None:
            raise RuntimeError("requires_grad_ is for a leaf: of a computed Tensor's gradient ask with retain_grad()")
        if requires_grad and self._data.dtype.kind != "f":
            raise TypeError(f"requires_grad_: a Tensor of {self.dtype} takes no gradient: only floats do")
        self.requires_grad = bool(requires_grad)
        return self

    def add_(self, other: Any, *, alpha: Any = 1) -> Self:
        """``x += alpha · other``."""
        return self._changed("add_", self + alpha * other)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Self:
        """``x -= alpha · other``."""
        return self._changed("sub_", self - alpha * other)

    def mul_(self, other: Any) -> Self:
        """``x *= other``."""
        return self._changed("mul_", self * other)

    def div_(self, other: Any) -> Self:
        """``x /= other``."""
        return self._changed("div_", self / other)

    def copy_(self, other: Any) -> Self:
        """Take the numbers of another."""
        return self._changed("copy_", other)

    def fill_(self, value: Any) -> Self:
        """Be ``value`` everywhere."""
        return self._changed("fill_", value)

    def zero_(self) -> Self:
        """Be 0 everywhere."""
        return self._changed("zero_", 0.0)

    def _changed(self, name: str, new: Any) -> Self:
        """Give a leaf new numbers, in its own shape and type; one that requires a gradient, under no_grad only."""
        if modes.tracer() is not None:
            self._look(f"{name}()")
        if self._op is not None:
            raise RuntimeError(f"{name} changes a Tensor in place, and a computed one stays what it is: make a new one")
        if self.requires_grad and modes.recording():
            raise RuntimeError(
                f"{name} would change a leaf that requires a gradient: write it under no_grad(), or change its .data"
            )
        array = new._data if isinstance(new, ArrayNode) else np.asarray(new)
        try:
            self._set(np.broadcast_to(array, self.shape).astype(self._data.dtype))
        except ValueError:
            raise ValueError(f"{name}: a Tensor of shape {self.shape} cannot become one of {array.shape}") from None
        return self


FUNCTIONS: dict[str, Any] = {
    name: getattr(PyTorchNames, name)
    for name in ("clamp", "clone", "masked_fill", "mm", "bmm", "numel", "permute", "t", "unsqueeze")
} | {"cat": structural.concatenate}
"""Those that are functions as well."""
