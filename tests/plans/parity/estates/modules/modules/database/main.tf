variable "name" {
  type = string
}

variable "is_public" {
  type = bool
}

variable "encrypted" {
  type = bool
}

variable "retention" {
  type = number
}

variable "security_groups" {
  type = list(string)
}

resource "aws_db_parameter_group" "this" {
  name   = var.name
  family = "postgres16"
  dynamic "parameter" {
    for_each = var.is_public ? {} : { "rds.force_ssl" = "1" }
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}

resource "aws_db_instance" "this" {
  identifier              = var.name
  engine                  = "postgres"
  engine_version          = "16.3"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  username                = "owner"
  password                = "Correct-horse-1"
  publicly_accessible     = var.is_public
  storage_encrypted       = var.encrypted
  deletion_protection     = var.encrypted
  backup_retention_period = var.retention
  parameter_group_name    = aws_db_parameter_group.this.name
  vpc_security_group_ids  = var.security_groups
  skip_final_snapshot     = true
  apply_immediately       = true
}
