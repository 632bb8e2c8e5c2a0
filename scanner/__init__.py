"""tscan: a policy-as-code scanner for SOC 2 and SOC 1 whose verdicts can be re-performed."""
