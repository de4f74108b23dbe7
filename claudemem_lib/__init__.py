"""claude-mem: a persistent memory for coding agents, in one SQLite file.

Public names load on first use; importing the package costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudemem_lib.memory import Memory, open  # noqa: A004
    from claudemem_lib.models import Hit, StoredMemory

__version__ = "0.1.0"
__all__ = ["Hit", "Memory", "StoredMemory", "__version__", "open"]
_HOME = {"Memory": "memory", "open": "memory", "Hit": "models", "StoredMemory": "models"}


def __getattr__(name: str) -> object:
    """Import the module a public name lives in."""
    if name not in _HOME:
        message = f"module 'claudemem_lib' has no attribute {name!r}"
        raise AttributeError(message)
    module = __import__(f"claudemem_lib.{_HOME[name]}", fromlist=[name])
    return getattr(module, name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
