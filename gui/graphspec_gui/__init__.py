"""The desktop app of graphspec.

The import of pydantic comes first, and stays: PySide6's import hook collides with pydantic's
lazy imports when Qt is imported before them. The hook also looks through the source of every
module that is imported after it: the core comes before it for the sake of the start.
"""

from pydantic import BaseModel, Field

from graphspec import document

__all__ = ["BaseModel", "Field", "document"]
