# One resource for each part: blocks, policies, rules and attachments have resources of their own.
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

# What the second plan changes: everything that reads it.
variable "rollout" {
  type    = string
  default = "first"
}
