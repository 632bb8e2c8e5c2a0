"""Mutation testing: every operator of a module turned round, one at a time; a test must fail.

`operators` makes the mutants, `running` runs the tests over them, `groups` says which tests must
notice which modules, and `equivalents.tsv` lists the mutants that behave as the module does.
"""
