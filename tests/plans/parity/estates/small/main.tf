# What the provider makes without waiting: for the suite of every day.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}

variable "rollout" {
  type    = string
  default = "first"
}

locals {
  second = var.rollout == "second"
}

resource "aws_kms_key" "main" {
  description         = "main"
  enable_key_rotation = !local.second
}

resource "aws_s3_bucket" "this" {
  for_each = toset(["ledger", "drafts"])
  bucket   = "small-${each.key}"
  tags     = { classification = "confidential" }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.second ? toset(["drafts"]) : toset(["ledger"])
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "ledger" {
  count  = local.second ? 0 : 1
  bucket = aws_s3_bucket.this["ledger"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main.arn
    }
  }
}

data "aws_iam_policy_document" "ledger" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this["ledger"].arn, "${aws_s3_bucket.this["ledger"].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "ledger" {
  bucket = aws_s3_bucket.this["ledger"].id
  policy = data.aws_iam_policy_document.ledger.json
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "inline" {
  name   = "small-inline"
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = [local.second ? "0.0.0.0/0" : "10.0.0.0/8"]
  }
}

resource "aws_security_group" "parts" {
  name   = "small-parts"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "ssh" {
  for_each          = local.second ? toset([]) : toset(["0.0.0.0/0"])
  security_group_id = aws_security_group.parts.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = [each.key]
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id = aws_security_group.parts.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = local.second ? "0.0.0.0/0" : "10.0.0.0/8"
}

resource "aws_iam_policy" "work" {
  name = "small-work"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = local.second ? "*" : "sqs:ListQueues", Resource = "*" }]
  })
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [local.second ? "*" : "arn:aws:iam::123456789012:root"]
    }
  }
}

resource "aws_iam_role" "worker" {
  name               = "small-worker"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.work.arn
}

resource "aws_iam_user" "ana" {
  name = "small-ana"
}

resource "aws_iam_user_policy_attachment" "ana" {
  count      = local.second ? 0 : 1
  user       = aws_iam_user.ana.name
  policy_arn = aws_iam_policy.work.arn
}

resource "aws_iam_account_password_policy" "here" {
  count                   = local.second ? 0 : 1
  minimum_password_length = 14
}
