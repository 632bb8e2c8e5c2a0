"""Load YAML content into a library; report each mistake at its file, line and column."""

from scanner.content.library import load_library
from scanner.content.locations import Roots, default_roots

__all__ = ["Roots", "default_roots", "load_library"]
