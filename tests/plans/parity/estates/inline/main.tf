# Everything in the blocks of the resource itself, policies as jsonencode and as text.
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
  default_tags {
    tags = { team = "billing" }
  }
}

variable "rollout" {
  type    = string
  default = "first"
}

locals {
  second  = var.rollout == "second"
  account = "123456789012"
}

resource "aws_vpc" "main" {
  cidr_block = "10.2.0.0/16"
}

resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.2.1.0/24"
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
}

resource "aws_security_group" "web" {
  name   = "inline-web"
  vpc_id = aws_vpc.main.id
  ingress {
    description      = "https"
    protocol         = "tcp"
    from_port        = 443
    to_port          = 443
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
  dynamic "ingress" {
    for_each = local.second ? ["0.0.0.0/0"] : ["10.0.0.0/8"]
    content {
      protocol    = "tcp"
      from_port   = 3389
      to_port     = 3389
      cidr_blocks = [ingress.value]
    }
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "wide" {
  name   = "inline-wide"
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = [local.second ? "10.0.0.0/8" : "0.0.0.0/0"]
  }
}

resource "aws_security_group" "database" {
  name   = "inline-database"
  vpc_id = aws_vpc.main.id
  ingress {
    protocol        = "tcp"
    from_port       = 3306
    to_port         = 3306
    security_groups = [aws_security_group.web.id]
  }
}

resource "aws_launch_template" "worker" {
  name          = "inline-worker"
  image_id      = "ami-12345678"
  instance_type = "t3.micro"
  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_instance" "worker" {
  ami           = "ami-12345678"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.main.id
  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}

resource "aws_s3_bucket" "archive" {
  bucket = "inline-archive"
  acl    = local.second ? "public-read" : "private"
  tags   = { classification = "confidential" }
  versioning {
    enabled = true
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "aws:kms"
      }
    }
  }
  lifecycle_rule {
    id      = "all"
    enabled = true
    expiration {
      days = 365
    }
    noncurrent_version_expiration {
      days = 30
    }
  }
  logging {
    target_bucket = aws_s3_bucket.logs.id
    target_prefix = "archive/"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket = "inline-logs"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::inline-logs", "arn:aws:s3:::inline-logs/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::inline-logs/*"
      },
      {
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::inline-logs/*"
      },
    ]
  })
}

resource "aws_s3_bucket" "plain" {
  bucket = "inline-plain"
}

resource "aws_kms_key" "main" {
  description             = "main"
  enable_key_rotation     = true
  rotation_period_in_days = 180
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::${local.account}:root" }, Action = "kms:*", Resource = "*" }],
      local.second ? [{ Effect = "Allow", Principal = "*", Action = "kms:Decrypt", Resource = "*" }] : [],
    )
  })
}

resource "aws_kms_key" "signing" {
  description              = "signing"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "RSA_2048"
}

resource "aws_kms_key" "off" {
  description = "off"
  is_enabled  = false
}

resource "aws_cloudtrail" "main" {
  name                          = "inline"
  s3_bucket_name                = aws_s3_bucket.logs.id
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = !local.second
  advanced_event_selector {
    name = "objects"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
  }
  advanced_event_selector {
    name = "management"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
}
