"""The desktop app of graphspec.

The import of pydantic comes first, and stays: PySide6's import hook collides with pydantic's
lazy imports when Qt is imported before them.
"""

from pydantic import BaseModel, Field

__all__ = ["BaseModel", "Field"]
