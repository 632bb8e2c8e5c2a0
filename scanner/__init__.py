"""tscan: a policy-as-code scanner for SOC 2 and SOC 1 whose verdicts can be re-performed."""

from typing import Final

__version__: Final = "0.1.0"
