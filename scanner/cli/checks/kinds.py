"""Lists the kinds of resources, or what can be read of one: `tscan checks kinds`."""

from __future__ import annotations

import click

from scanner.errors import TscanError


@click.command()
@click.argument("word", default="", metavar="[WORD]")
def kinds(word: str) -> int:
    """List the kinds of resources that checks can evaluate, or those with a word.

    The id of one kind shows its attributes and relations.

    \b
    Examples:
      tscan checks kinds
      tscan checks kinds bucket
      tscan checks kinds aws.s3.bucket
    """
    from scanner.cli.checks.new import readable_members
    from scanner.cli.support.output import show
    from scanner.content.library import load_library
    from scanner.words import did_you_mean

    library = load_library(lazily=True)
    if word in library.kinds:
        kind = library.kinds[word]
        click.echo(f"{kind.id}  {kind.title}")
        for line in readable_members(kind):
            show(f"  {line}\n")
        return 0
    found = 0
    for name in sorted(library.kinds):
        line = f"{name}  {library.kinds[name].title}"
        if word.lower() in line.lower():
            show(f"{line}\n")
            found += 1
    # No line at all would look as if there were nothing to read.
    if not found:
        raise TscanError(f"there is no kind '{word}'", did_you_mean(word, library.kinds))
    return 0
