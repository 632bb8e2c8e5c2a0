data "aws_caller_identity" "here" {}

resource "aws_kms_key" "ledger" {
  description         = "ledger"
  enable_key_rotation = true
}

resource "aws_kms_key" "shared" {
  description = "shared"
}

resource "aws_kms_key_policy" "shared" {
  key_id = aws_kms_key.shared.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.here.account_id}:root" }, Action = "kms:*", Resource = "*" },
    ]
  })
}

resource "aws_s3_bucket" "logs" {
  bucket              = "parts-logs"
  object_lock_enabled = true
  tags                = { purpose = "logs" }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 400
    }
  }
  depends_on = [aws_s3_bucket_versioning.logs]
}

resource "aws_s3_bucket" "ledger" {
  bucket = "parts-ledger"
  tags   = { classification = "confidential", owner = "finance" }
}

resource "aws_s3_bucket_public_access_block" "ledger" {
  bucket                  = aws_s3_bucket.ledger.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "ledger" {
  bucket = aws_s3_bucket.ledger.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.ledger.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "ledger" {
  bucket = aws_s3_bucket.ledger.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_logging" "ledger" {
  bucket        = aws_s3_bucket.ledger.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "ledger/"
  depends_on    = [aws_s3_bucket_acl.logs, aws_s3_bucket_object_lock_configuration.logs]
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_acl" "logs" {
  bucket     = aws_s3_bucket.logs.id
  acl        = "log-delivery-write"
  depends_on = [aws_s3_bucket_ownership_controls.logs]
}

resource "aws_s3_bucket_lifecycle_configuration" "ledger" {
  bucket = aws_s3_bucket.ledger.id
  rule {
    id     = "everything"
    status = "Enabled"
    filter {}
    expiration {
      days = 300
    }
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

data "aws_iam_policy_document" "tls" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.ledger.arn, "${aws_s3_bucket.ledger.arn}/*"]
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
  bucket = aws_s3_bucket.ledger.id
  policy = data.aws_iam_policy_document.tls.json
}

resource "aws_s3_bucket" "site" {
  bucket = "parts-site"
  tags   = { classification = "public" }
}

resource "aws_s3_bucket_ownership_controls" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    object_ownership = "ObjectWriter"
  }
}

resource "aws_s3_bucket_acl" "site" {
  bucket     = aws_s3_bucket.site.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.site]
}

resource "aws_s3_bucket_policy" "site" {
  bucket = aws_s3_bucket.site.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::parts-site/*" },
    ]
  })
}

resource "aws_s3_bucket" "scratch" {
  bucket = "parts-scratch"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "scratch" {
  count  = var.rollout == "second" ? 0 : 1
  bucket = aws_s3_bucket.scratch.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "scratch" {
  count  = var.rollout == "second" ? 1 : 0
  bucket = aws_s3_bucket.scratch.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 1
  encrypted         = true
}

resource "aws_ebs_volume" "scratch" {
  availability_zone = "us-east-1a"
  size              = 1
}

resource "aws_db_parameter_group" "tls" {
  name   = "parts-tls"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_parameter_group" "plain" {
  name   = "parts-plain"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "0"
  }
}

resource "aws_db_instance" "orders" {
  identifier                      = "parts-orders"
  engine                          = "postgres"
  engine_version                  = "16.3"
  instance_class                  = "db.t3.micro"
  allocated_storage               = 20
  max_allocated_storage           = 100
  username                        = "owner"
  password                        = "Correct-horse-1"
  storage_encrypted               = true
  multi_az                        = true
  backup_retention_period         = 14
  deletion_protection             = true
  parameter_group_name            = aws_db_parameter_group.tls.name
  enabled_cloudwatch_logs_exports = ["postgresql"]
  skip_final_snapshot             = true
  apply_immediately               = true
}

resource "aws_db_instance" "legacy" {
  identifier           = "parts-legacy"
  engine               = "postgres"
  engine_version       = "16.3"
  instance_class       = "db.t3.micro"
  allocated_storage    = 20
  username             = "owner"
  password             = "Correct-horse-1"
  publicly_accessible  = var.rollout == "second"
  parameter_group_name = aws_db_parameter_group.plain.name
  skip_final_snapshot  = true
  apply_immediately    = true
}

resource "aws_rds_cluster" "events" {
  cluster_identifier              = "parts-events"
  engine                          = "aurora-postgresql"
  engine_version                  = "16.3"
  master_username                 = "owner"
  master_password                 = "Correct-horse-1"
  storage_encrypted               = true
  backup_retention_period         = var.rollout == "second" ? 14 : 3
  deletion_protection             = false
  enabled_cloudwatch_logs_exports = ["postgresql"]
  skip_final_snapshot             = true
  apply_immediately               = true
}
