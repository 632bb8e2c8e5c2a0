variable "admin_sources" {
  type = map(list(string))
}

resource "aws_vpc" "this" {
  cidr_block = "10.3.0.0/16"
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/modules/flow"
  retention_in_days = 365
}

data "aws_iam_policy_document" "flow" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "flow" {
  name               = "modules-flow"
  assume_role_policy = data.aws_iam_policy_document.flow.json
}

resource "aws_flow_log" "this" {
  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = aws_iam_role.flow.arn
}

resource "aws_security_group" "this" {
  for_each = var.admin_sources
  name     = "modules-${each.key}"
  vpc_id   = aws_vpc.this.id
}

resource "aws_security_group_rule" "admin" {
  for_each          = var.admin_sources
  security_group_id = aws_security_group.this[each.key].id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = each.value
}

resource "aws_vpc_security_group_ingress_rule" "peers" {
  for_each                     = var.admin_sources
  security_group_id            = aws_security_group.this[each.key].id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["runner"].id
}

output "groups" {
  value = { for name, group in aws_security_group.this : name => group.id }
}
