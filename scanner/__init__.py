"""tscan: a policy-as-code scanner for SOC 2 and SOC 1 whose verdicts can be re-performed.

`scanner.scan` and `scanner.judge` are the commands `tscan scan` and `tscan replay` from Python: see
`scanner.api`.
"""

from importlib import import_module
from typing import Any, Final

__version__: Final = "0.1.0"


def __getattr__(name: str) -> Any:
    """`scan` and `judge`, imported on first use."""
    # `import scanner` for its version must not load the pipeline: `tscan --help` does so.
    if name in ("scan", "judge"):
        return getattr(import_module("scanner.api"), name)
    raise AttributeError(f"module 'scanner' has no attribute '{name}'")
