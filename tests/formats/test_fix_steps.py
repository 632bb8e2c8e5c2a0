"""The steps of a fix, as reports print them."""

from __future__ import annotations

from scanner.rendering.fix_steps import fix_steps


def test_a_fix_is_split_where_a_command_begins_and_ends() -> None:
    fix = (
        "Turn it on.\nConsole: Open the page.\nCLI: aws s3api put-thing --bucket NAME\n--option a=b\n"
        "Terraform: a_resource with x. CLI: aws kms\n\nThen read it again.\n"
    )
    assert fix_steps(fix) == (
        "Turn it on.",
        "Console: Open the page.",
        "CLI: aws s3api put-thing --bucket NAME --option a=b",
        "Terraform: a_resource with x.",
        "CLI: aws kms",
        "Then read it again.",
    )
