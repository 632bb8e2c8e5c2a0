"""`python -m scanner` is the command `tscan`."""

from scanner.cli import main

main()
