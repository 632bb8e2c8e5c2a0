resource "aws_iam_policy" "deploy" {
  name = "inline-deploy"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], Resource = "*" }]
  })
}

resource "aws_iam_role" "deployer" {
  name                = "inline-deployer"
  managed_policy_arns = [aws_iam_policy.deploy.arn, "arn:aws:iam::aws:policy/ReadOnlyAccess"]
  assume_role_policy  = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
          "Action": "sts:AssumeRoleWithWebIdentity",
          "Condition": {
            "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
            "StringLike": {"token.actions.githubusercontent.com:sub": "${local.second ? "*" : "repo:acme/shop:ref:refs/heads/main"}"}
          }
        }
      ]
    }
  EOT
}

resource "aws_iam_role" "task" {
  name = "inline-task"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  inline_policy {
    name = "queue"
    policy = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = local.second ? "*" : "sqs:SendMessage", Resource = local.second ? "*" : aws_sqs_queue.orders.arn }]
    })
  }
}

resource "aws_iam_role" "nothing" {
  name = "inline-nothing"
  path = "/service/"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::${local.account}:root" }, Action = "sts:AssumeRole" }]
  })
  inline_policy {}
}

resource "aws_iam_policy_attachment" "everybody" {
  name       = "inline-everybody"
  policy_arn = aws_iam_policy.queues.arn
  users      = [aws_iam_user.eve.name]
  groups     = [aws_iam_group.crew.name]
  roles      = [aws_iam_role.nothing.name]
}

resource "aws_iam_policy" "queues" {
  name   = "inline-queues"
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:*\",\"Resource\":\"*\"}]}"
}

resource "aws_iam_user" "eve" {
  name = "inline-eve"
}

resource "aws_iam_user_policy" "eve" {
  count = local.second ? 0 : 1
  user  = aws_iam_user.eve.name
  name  = "queues"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:ListQueues", Resource = "*" }]
  })
}

resource "aws_iam_group" "crew" {
  name = "inline-crew"
}

resource "aws_iam_group_policy" "crew" {
  group = aws_iam_group.crew.name
  name  = "all"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}
