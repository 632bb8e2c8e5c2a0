resource "aws_sqs_queue" "dead" {
  name = "parts-dead"
}

resource "aws_sqs_queue" "jobs" {
  name              = "parts-jobs"
  kms_master_key_id = aws_kms_key.ledger.arn
}

resource "aws_sqs_queue_redrive_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 4
  })
}

resource "aws_sqs_queue" "plain" {
  name                    = "parts-plain"
  sqs_managed_sse_enabled = false
}

resource "aws_lambda_function" "worker" {
  function_name = "parts-worker"
  role          = aws_iam_role.worker.arn
  filename      = "handler.zip"
  handler       = "handler.main"
  runtime       = "python3.13"
}

resource "aws_lambda_permission" "bucket" {
  function_name = aws_lambda_function.worker.function_name
  statement_id  = "bucket"
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.ledger.arn
}

resource "aws_lambda_function" "hook" {
  function_name = "parts-hook"
  role          = aws_iam_role.worker.arn
  filename      = "handler.zip"
  handler       = "handler.main"
  runtime       = "python3.8"
}

resource "aws_lambda_function_url" "hook" {
  function_name      = aws_lambda_function.hook.function_name
  authorization_type = "NONE"
}

resource "aws_lambda_permission" "anyone" {
  count         = var.rollout == "second" ? 1 : 0
  function_name = aws_lambda_function.hook.function_name
  statement_id  = "anyone"
  action        = "lambda:InvokeFunction"
  principal     = "*"
}

resource "aws_cloudwatch_log_group" "trail" {
  name              = "/parts/trail"
  retention_in_days = 400
}

resource "aws_cloudwatch_log_group" "short" {
  name              = "/parts/short"
  retention_in_days = 7
}

resource "aws_iam_role" "trail" {
  name = "parts-trail"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_cloudtrail" "main" {
  name                       = "parts"
  s3_bucket_name             = aws_s3_bucket.logs.id
  is_multi_region_trail      = true
  enable_log_file_validation = var.rollout != "second"
  kms_key_id                 = aws_kms_key.ledger.arn
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.trail.arn
  event_selector {
    read_write_type           = "All"
    include_management_events = true
    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3"]
    }
  }
  depends_on = [aws_s3_bucket_object_lock_configuration.logs]
}

resource "aws_cloudtrail" "side" {
  name           = "parts-side"
  s3_bucket_name = aws_s3_bucket.logs.id
  depends_on     = [aws_s3_bucket_object_lock_configuration.logs]
}

resource "aws_sns_topic" "alarms" {
  name              = "parts-alarms"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = "security@example.com"
}

resource "aws_cloudwatch_log_metric_filter" "root" {
  name           = "root"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = "{ $.userIdentity.type = \"Root\" }"
  metric_transformation {
    name      = "RootUse"
    namespace = "Trail"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "root" {
  alarm_name          = "root-use"
  metric_name         = aws_cloudwatch_log_metric_filter.root.metric_transformation[0].name
  namespace           = "Trail"
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "dead-letters"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  namespace           = "AWS/SQS"
  dimensions          = { QueueName = aws_sqs_queue.dead.name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "storage" {
  alarm_name          = "storage"
  metric_name         = "FreeStorageSpace"
  namespace           = "AWS/RDS"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.orders.identifier }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 2000000000
  period              = 300
  evaluation_periods  = 1
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
