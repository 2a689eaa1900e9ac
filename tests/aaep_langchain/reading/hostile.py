"""Objects that raise at everybody who looks at them in a way that is nobody's business."""

from __future__ import annotations

from typing import Any, NoReturn


class Hostile:
    """Neither printed, copied, pickled, compared, hashed nor measured without a scene."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("do not look at me")

    __repr__ = __str__ = __format__ = __bytes__ = _refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _refuse
    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse
    __eq__ = __ne__ = __hash__ = _refuse


class HostileList(list[Any]):
    """A list that cannot be walked."""

    def __iter__(self) -> NoReturn:
        raise RuntimeError("do not walk over me")

    def __getitem__(self, at: Any) -> NoReturn:
        raise RuntimeError("do not reach into me")


class HostileDict(dict[str, Any]):
    """A mapping that cannot be read."""

    def get(self, *args: Any) -> NoReturn:
        raise RuntimeError("do not read me")

    def items(self) -> NoReturn:
        raise RuntimeError("do not list me")

    def __contains__(self, key: object) -> NoReturn:
        raise RuntimeError("do not ask me")

    def __getitem__(self, key: str) -> NoReturn:
        raise RuntimeError("do not ask me")
