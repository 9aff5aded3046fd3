"""Methods compiled: one compiled function for each object, made when it is first asked for."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any


class CompiledMethod:
    """A method in a class: of each object, it is compiled by itself, with what that object holds.

    >>> from fastpath import compile
    >>> from scalargrad import Value
    >>> class Line:
    ...     def __init__(self, w):
    ...         self.w = Value(w)
    ...
    ...     @compile
    ...     def loss(self, x):
    ...         return self.w * x
    >>> line, steeper = Line(2.0), Line(5.0)
    >>> line.loss([1.0, 3.0]), steeper.loss([1.0, 3.0])
    (4.0, 10.0)
    """

    def __init__(self, function: Callable[..., Any], compile: Callable[..., Any]) -> None:
        self.function = function
        self.compile = compile
        self._of: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._kind: type | None = None
        self._plain: Any = None
        functools.update_wrapper(self, function)

    def __set_name__(self, kind: type, name: str) -> None:
        self._kind = kind

    @property
    def _compiled_from(self) -> Callable[..., Any]:
        return self.function

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        found = self._of.get(owner)
        if found is None:
            found = self._of[owner] = self.compile(_bound_weakly(self.function, owner))
        return found

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The method of the first argument; of a static method, the function."""
        if arguments and self._kind is not None and isinstance(arguments[0], self._kind):
            return self.__get__(arguments[0])(*arguments[1:], **named)
        return self._function()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._function(), name)

    def _function(self) -> Any:
        """The function that a static method is, compiled."""
        if self._plain is None:
            self._plain = self.compile(_unbound(self.function))
        return self._plain


def _unbound(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function by another name, which does not look like that of a method."""

    @functools.wraps(function)
    def plain(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    plain.__qualname__ = function.__name__
    plain._bound = (lambda: None), function  # type: ignore[attr-defined]
    return plain


def _bound_weakly(function: Callable[..., Any], owner: Any) -> Callable[..., Any]:
    """The bound method, which does not keep its object alive: the object's compiled methods go when it goes."""
    own = weakref.ref(owner)

    @functools.wraps(function)
    def method(*arguments: Any, **named: Any) -> Any:
        return function(own(), *arguments, **named)

    _, *rest = inspect.signature(function).parameters.values()
    method.__signature__ = inspect.Signature(rest)  # type: ignore[attr-defined]
    method.__qualname__ = function.__name__
    method._bound = own, function  # type: ignore[attr-defined]
    return method


def is_method(function: Any) -> bool:
    """Whether a function stands in a class that is being defined, as its qualified name tells."""
    path, _, _ = getattr(function, "__qualname__", "").rpartition(".")
    return inspect.isfunction(function) and bool(path) and not path.endswith("<locals>")
