variable "name" {
  type = string
}

variable "is_open" {
  type = bool
}

resource "aws_sqs_queue" "dead" {
  name                    = "${var.name}-dead"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue" "this" {
  name              = var.name
  kms_master_key_id = "alias/aws/sqs"
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "work" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [aws_sqs_queue.this.arn]
  }
  dynamic "statement" {
    for_each = var.is_open ? ["*"] : []
    content {
      actions   = [statement.value]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_policy" "work" {
  name   = var.name
  policy = data.aws_iam_policy_document.work.json
}

resource "aws_iam_role_policy_attachment" "work" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.work.arn
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = aws_iam_role.this.arn
  filename      = "handler.zip"
  handler       = "handler.main"
  runtime       = "python3.13"
}

resource "aws_lambda_permission" "queue" {
  function_name = aws_lambda_function.this.function_name
  statement_id  = "queue"
  action        = "lambda:InvokeFunction"
  principal     = var.is_open ? "*" : "sns.amazonaws.com"
  source_arn    = var.is_open ? null : "arn:aws:sns:us-east-1:123456789012:${var.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 365
}
