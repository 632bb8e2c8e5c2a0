resource "aws_sqs_queue" "dead" {
  name = "inline-dead"
}

resource "aws_sqs_queue" "orders" {
  name              = "inline-orders"
  kms_master_key_id = local.second ? null : "alias/aws/sqs"
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 3
  })
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*" }]
  })
}

resource "aws_lambda_function" "report" {
  function_name = "inline-report"
  role          = aws_iam_role.task.arn
  filename      = "handler.zip"
  handler       = "handler.main"
  runtime       = local.second ? "python3.13" : "python3.8"
  publish       = true
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.report.function_name
  function_version = aws_lambda_function.report.version
}

resource "aws_lambda_permission" "account" {
  function_name  = aws_lambda_function.report.arn
  statement_id   = "account"
  action         = "lambda:InvokeFunction"
  principal      = "sns.amazonaws.com"
  source_account = local.account
}

resource "aws_lambda_function_url" "report" {
  function_name      = aws_lambda_function.report.arn
  authorization_type = local.second ? "NONE" : "AWS_IAM"
}

resource "aws_db_parameter_group" "main" {
  name   = "inline-mysql"
  family = "mysql8.0"
  parameter {
    name  = "require_secure_transport"
    value = "ON"
  }
  parameter {
    name  = "max_connections"
    value = "100"
  }
}

resource "aws_db_instance" "shop" {
  identifier              = "inline-shop"
  engine                  = "mysql"
  engine_version          = "8.0.35"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  username                = "owner"
  password                = "Correct-horse-1"
  storage_encrypted       = true
  backup_retention_period = local.second ? 0 : 30
  multi_az                = local.second
  publicly_accessible     = true
  parameter_group_name    = aws_db_parameter_group.main.name
  skip_final_snapshot     = true
  apply_immediately       = true
  tags                    = { classification = "confidential" }
}

resource "aws_rds_cluster" "books" {
  cluster_identifier  = "inline-books"
  engine              = "aurora-mysql"
  engine_version      = "8.0.mysql_aurora.3.05.2"
  master_username     = "owner"
  master_password     = "Correct-horse-1"
  deletion_protection = local.second
  skip_final_snapshot = true
  apply_immediately   = true
}

resource "aws_rds_cluster_instance" "books" {
  count               = 2
  identifier          = "inline-books-${count.index}"
  cluster_identifier  = aws_rds_cluster.books.id
  engine              = aws_rds_cluster.books.engine
  instance_class      = "db.r6g.large"
  publicly_accessible = count.index == 1
  apply_immediately   = true
}

resource "aws_cloudwatch_log_group" "report" {
  name              = "/aws/lambda/inline-report"
  retention_in_days = local.second ? 14 : 0
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 1
  encrypted         = local.second
}
