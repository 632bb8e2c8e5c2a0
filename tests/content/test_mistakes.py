"""Each kind of mistake, with the place that its message names and the hint that it gives."""

from __future__ import annotations

from typing import Any

import pytest

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
KIND = "resources/aws/s3.bucket.yaml"
ACCOUNT = "resources/aws/s3.account.yaml"
PARAMETERS = "checks/parameters.yaml"
CONTROL = "mappings/controls/ENC-01.yaml"
MANUAL = "mappings/manual.yaml"
CRITERIA = "mappings/soc2-2017/CC6.yaml"
LACKING = "evidence that cannot be collected yet belongs in 'lacking'"
FRAMEWORK = "mappings/soc2-2017/framework.yaml"

FORM = [
    (
        CHECK,
        "severity: medium",
        "‸severty: medium",
        "unknown key 'severty'",
        "did you mean 'severity'?",
    ),
    (
        CHECK,
        "medium",
        "‸hihg",
        "'severity' is 'hihg'; it must be one of: low, medium, high, critical",
        "did you mean 'high'?",
    ),
    (
        CHECK,
        "severity: medium",
        "severity:‸ ",
        "'severity' is nothing; it must be one of: low, medium, high, critical",
        "",
    ),
    (
        CHECK,
        "version: 1",
        "version: ‸2",
        "version 2 is newer than this tscan reads",
        "upgrade tscan",
    ),
    (CHECK, "version: 1", "version: ‸'1'", "'1' is not a version", "write 'version: 1'"),
    (CHECK, "version: 1\n", "‸", "'version' is missing", "begin the file with 'version: 1'"),
    (
        CHECK,
        "title: Buckets encrypt what they hold",
        "title: ‸2024",
        "'title' must be a string, not a whole number",
        "put it in quotes",
    ),
    (CHECK, "fix: Turn it on.", "fix: ‸' '", "'fix' is empty", ""),
    (
        CHECK,
        "refs: [CIS-AWS-7.0 2.1.1]",
        "refs: [‸1.5]",
        "an item of 'refs' must be a string, not a number",
        "put it in quotes",
    ),
    (
        CHECK,
        "refs: [CIS-AWS-7.0 2.1.1]",
        "refs: ‸x",
        "'refs' must be a list, not a string",
        "write each item on a line that begins with '- '",
    ),
    (
        CHECK,
        "      unreadable: [block]",
        "      ‸unread: [block]",
        "unknown key 'unread'",
        "did you mean 'unreadable'?",
    ),
    (
        KIND,
        "scope: account",
        "scope: ‸global",
        "'scope' is 'global'; it must be one of: management, account, region",
        "",
    ),
    (
        KIND,
        "s3:GetBucketEncryption",
        "‸s3.GetBucketEncryption",
        "'s3.GetBucketEncryption' is not an operation such as s3:ListBuckets",
        "",
    ),
    (
        KIND,
        "at: it.BucketRegion",
        "location: it.BucketRegion\n‸at: it.BucketRegion",
        "'at' and 'location' exclude each other",
        "a location is not an endpoint",
    ),
    (
        ACCOUNT,
        "scope: account",
        "scope: ‸region\nlocation: account",
        "a kind with a location is not listed by region",
        "write 'scope: account'",
    ),
    (
        KIND,
        "  created: {",
        "  ‸Created: {",
        "'Created' is not a name of lower-case letters, digits and '_'",
        "",
    ),
    (CONTROL, ", why: Buckets are stores.", ", why: ‸''", "'why' is empty", ""),
    (
        CONTROL,
        "{id: aws-s3-bucket-encrypted, role: evidences, why: Buckets are stores.}",
        "‸{id: aws-s3-bucket-encrypted, role: evidences}",
        "'why' is missing",
        "",
    ),
    (
        CONTROL,
        "modes: [setting]",
        "modes: [‸always]",
        "an item of 'modes' is 'always'; it must be one of: setting, schedule, per event",
        "",
    ),
    (
        CRITERIA,
        ", why: Encryption restricts.",
        ", why: ‸",
        "'why' has no value; it must be a string",
        "leave the key out if there is none",
    ),
    (
        CRITERIA,
        "role: primary",
        "role: ‸main",
        "'role' is 'main'; it must be one of: primary, supporting",
        "",
    ),
]
CHECKS = [
    (
        CHECK,
        "id: aws-s3-bucket-encrypted",
        "id: ‸aws-s3-bucket-crypted",
        "'aws-s3-bucket-crypted' is not the file's name",
        "the file is called aws-s3-bucket-encrypted.yaml",
    ),
    (
        CHECK,
        "id: aws-s3-bucket-encrypted",
        "id: ‸AWS_s3",
        "'AWS_s3' is not an id of lower-case words joined by '-'",
        "",
    ),
    (
        CHECK,
        "resource: aws.s3.bucket",
        "resource: ‸aws.s3.buckets",
        "there is no kind 'aws.s3.buckets'",
        "did you mean 'aws.s3.bucket'?",
    ),
    (
        CHECK,
        "{tag: record_tag",
        "{tag: ‸record_tags",
        "there is no parameter 'record_tags'",
        "did you mean 'record_tag'?",
    ),
    (CHECK, "{tag: record_tag", "{tag: ‸most_days", "'most_days' is int; 'tag' needs string", ""),
    (
        CHECK,
        "params.most_days",
        "params.‸most_day",
        "params has no attribute 'most_day'",
        "did you mean 'most_days'?",
    ),
    (
        CHECK,
        "{created: 2025-12-31}\n",
        "{created: ‸soon}\n",
        "'created' must be a time such as 2026-01-31T12:00:00Z, not 'soon'",
        "",
    ),
    (
        CHECK,
        "{created: 2025-12-31}\n",
        "{‸made: 2025-12-31}\n",
        "aws.s3.bucket has no attribute 'made'",
        "known: account, block, created, default_encryption, id, name, owner, policy, region, rules, tags",
    ),
    (
        CHECK,
        "block: {blocked: true}",
        "block: {‸blockd: true}",
        "aws.s3.account has no attribute 'blockd'",
        "did you mean 'blocked'?",
    ),
    (
        CHECK,
        "block: {blocked: true}",
        "block: {blocked: ‸yes}",
        "'blocked' must be true or false, not 'yes'",
        "",
    ),
    (
        CHECK,
        "block: {blocked: true}",
        "rules: [{days: 1}, {days: ‸'2'}]",
        "'days' must be a whole number, not '2'",
        "",
    ),
    (
        CHECK,
        "block: {blocked: true}",
        "owner: ‸null",
        "'owner' has no value",
        "leave it out if it is not there, or name it in 'unreadable'",
    ),
    (
        CHECK,
        "unreadable: [block]",
        "unreadable: [‸blok]",
        "aws.s3.bucket has no attribute 'blok'",
        "did you mean 'block'?",
    ),
    (
        CHECK,
        "unreadable: [block]",
        "unreadable: [‸'rules[0].days']",
        "'rules[0].days' is outside the lists of this example",
        "the first item has index 0",
    ),
    (
        CHECK,
        "unreadable: [block]",
        "open: [‸block]",
        "'block' is aws.s3.account; only a list can be cut off",
        "name it in 'unreadable'",
    ),
    (
        CHECK,
        "unreadable: [block]",
        "params: {‸most_dys: 3}",
        "there is no parameter 'most_dys'",
        "did you mean 'most_days'?",
    ),
    (
        CHECK,
        "unreadable: [block]",
        "now: ‸tomorrow",
        "'tomorrow' is not a timestamp such as 2026-01-31T12:00:00Z",
        "",
    ),
    (
        PARAMETERS,
        "default: 90",
        "default: ‸ninety",
        "'default' must be a whole number, not 'ninety'",
        "default is int, at least 1",
    ),
    (
        PARAMETERS,
        "minimum: 1, default: 90",
        "minimum: 91, default: ‸90",
        "'default' must be at least 91, not 90",
        "default is int, at least 91",
    ),
    (
        PARAMETERS,
        "type: string, default",
        "type: string, minimum: ‸1, default",
        "'minimum' has no meaning for string",
        "it is for numbers",
    ),
    (PARAMETERS, "type: int", "type: ‸integer", "'integer' is not a type", "did you mean 'int'?"),
    (
        PARAMETERS,
        "type: int",
        "type: ‸duration",
        "a parameter cannot hold a duration",
        "count days or hours in an int",
    ),
    (
        PARAMETERS,
        "stricter: lower",
        "stricter: ‸subset",
        "'subset' has no meaning for int",
        "lower and higher are for numbers, subset is for lists",
    ),
    (
        PARAMETERS,
        "default: [records]",
        "default: [records, ‸1]",
        "'default' must be a string, not 1",
        "put it in quotes",
    ),
]
KINDS = [
    (
        KIND,
        "type: timestamp",
        "type: ‸timestmp",
        "'timestmp' is not a type",
        "did you mean 'timestamp'?",
    ),
    (KIND, "absent: none", "absent: ‸3", "'absent' must be a string, not 3", "put it in quotes"),
    (
        KIND,
        "api: it.Owner",
        "api: it.Owner, absent: ‸nobody",
        "a type with '?' has no 'absent:'",
        "remove one: absence is either a value or tested with has()",
    ),
    (
        KIND,
        "absent: none",
        "absent: none\n    ‸unknown: no tag",
        "'unknown' has no meaning where absence is knowledge",
        "remove it, or 'absent:' and '?'",
    ),
    (
        KIND,
        "  owner: {",
        "  ‸region: {",
        "an attribute cannot be called 'region'",
        "every resource has one",
    ),
    (
        KIND,
        "days: {meaning",
        "‸position: {meaning",
        "an ordered list gives each record its 'position'",
        "rename it",
    ),
    (
        KIND,
        "api: encryption.Rules",
        "api: ‸encrypton.Rules",
        "unknown name 'encrypton'",
        "did you mean 'encryption'?",
    ),
    (KIND, "api: it.Owner", "api: ‸it.A == 1", "the expression is bool, not string", ""),
    (
        KIND,
        "one: aws.s3.account",
        "one: ‸aws.s3.acount",
        "there is no kind 'aws.s3.acount'",
        "did you mean 'aws.s3.account'?",
    ),
    (
        KIND,
        "on: {account: account}",
        "on: {‸acount: account}",
        "aws.s3.account has no attribute 'acount'",
        "did you mean 'account'?",
    ),
    (
        KIND,
        "relations:\n",
        "relations:\n  ‸policy: {meaning: x, one: aws.s3.account, on: {account: account}}\n",
        "'policy' is an attribute too",
        "rename one",
    ),
    (
        KIND,
        "{Bucket: it.Name}\n    permission",
        "{Bucket: ‸them.Name}\n    permission",
        "unknown name 'them'",
        "known: account, document, encryption, it, params, parent, partition, region, started",
    ),
]
MAPPINGS = [
    (
        CONTROL,
        "    checks: [aws-s3-bucket-encrypted]",
        "    checks: [‸aws-s3-bucket-encryptd]",
        "check 'aws-s3-bucket-encryptd' does not evidence this control",
        "did you mean 'aws-s3-bucket-encrypted'?",
    ),
    (
        CONTROL,
        "    attestations: [MC-01]\n",
        "    attestations: [‸MC-09]\n",
        "manual control 'MC-09' is not required by this control",
        "name it in 'attestations' or 'must_have'",
    ),
    (
        CONTROL,
        "{cloud: gcp, attestations: [MC-01]",
        "{cloud: gcp, attestations: [‸MC-02]",
        "there is no manual control 'MC-02'",
        "did you mean 'MC-01'?",
    ),
    (
        CONTROL,
        "  - says: Buckets encrypt what they hold.\n"
        "    checks: [aws-s3-bucket-encrypted]\n"
        "  - says: Somebody looks at it.\n"
        "    attestations: [MC-01]\n"
        "    elsewhere: [{cloud: gcp, attestations: [MC-01], why: Nobody reads it.}]\n"
        "category: Data\n"
        "nature: preventive, automated\n"
        "frequency: continuous\n"
        "modes: [setting]\n"
        "checks:\n"
        "  - {id: ",
        "  - says: Somebody looks at it.\n"
        "    attestations: [MC-01]\n"
        "    elsewhere: [{cloud: gcp, attestations: [MC-01], why: Nobody reads it.}]\n"
        "category: Data\n"
        "nature: preventive, automated\n"
        "frequency: continuous\n"
        "modes: [setting]\n"
        "checks:\n"
        "  - {id: ‸",
        "check 'aws-s3-bucket-encrypted' evidences the control, but no clause",
        "name it in a clause, or write 'supports'",
    ),
    (
        CONTROL,
        "{id: aws-s3-bucket-encrypted",
        "{id: ‸aws-s3-bucket-encryptd",
        "there is no check 'aws-s3-bucket-encryptd'",
        f"did you mean 'aws-s3-bucket-encrypted'?; {LACKING}",
    ),
    (
        CONTROL,
        "attestations: [MC-01]     #",
        "attestations: [‸MC-02]     #",
        "there is no manual control 'MC-02'",
        "did you mean 'MC-01'?",
    ),
    (
        CONTROL,
        "params: [owners]",
        "params: [‸owner]",
        "there is no parameter 'owner'",
        "did you mean 'owners'?",
    ),
    (
        CONTROL,
        "{checks: [aws-s3-bucket-encrypted, gcp-storage-encrypted], params: [owners], why",
        "‸{why",
        "nothing here can meet this requirement",
        "name 'checks', 'attestations' or 'params'",
    ),
    (
        CONTROL,
        "{checks: [aws-s3-bucket-encrypted, gcp-storage-encrypted]",
        "{checks: [‸gcp-other]",
        "there is no check 'gcp-other'",
        f"known: aws-s3-bucket-encrypted, gcp-storage-encrypted; {LACKING}",
    ),
    (
        CONTROL,
        "lacking:\n",
        "lacking:\n  - {id: ‸aws-s3-bucket-encrypted, cloud: aws, why: Not yet.}\n",
        "check 'aws-s3-bucket-encrypted' exists, so it is not lacking",
        "move it to 'checks'",
    ),
    (
        MANUAL,
        "criteria: [CC6.1]",
        "criteria: [‸CC9.9]",
        "there is no criterion 'CC9.9'",
        "name one of a framework's criteria",
    ),
    (
        FRAMEWORK,
        "id: soc2-2017",
        "id: ‸soc2",
        "'soc2' is not the folder's name",
        "the folder is called soc2-2017",
    ),
]
MEMBERS = [
    (
        KIND,
        "attributes:\n",
        "values:\n  ‸its.Name: {named: [a]}\nattributes:\n",
        "there is no answer 'its'",
        "did you mean 'it'?",
    ),
    (
        KIND,
        "attributes:\n",
        "values:\n  ‸it.Name: {named: [a], others: [b]}\nattributes:\n",
        "'others' and 'why' need each other",
        "say what the others count as",
    ),
    (
        KIND,
        "attributes:\n",
        "values:\n  it.Name: {named: [a], others: [‸a], why: No.}\nattributes:\n",
        "'a' is under 'named' too",
        "remove one",
    ),
    (
        KIND,
        "attributes:\n",
        "ignores:\n  - {why: No., members: {it: [A, ‸A]}}\nattributes:\n",
        "'it.A' is set aside already",
        "remove one",
    ),
]
ONE = [*FORM, *CHECKS, *KINDS, *MAPPINGS, *MEMBERS]


@pytest.mark.parametrize(
    ("file", "old", "new", "message", "hint"), ONE, ids=[f"{row[0]}: {row[2]}" for row in ONE]
)
def test_a_mistake_is_named_at_its_place(
    pack: Any, file: str, old: str, new: str, message: str, hint: str
) -> None:
    place = pack.change(file, old, new)
    assert pack.problems() == [f"{place}: {message}" + (f"\n  hint: {hint}" if hint else "")]
