# Modules with for_each and count, outputs between them, a second provider, rules from variables.
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

provider "aws" {
  alias             = "replica"
  region            = "eu-west-1"
  s3_use_path_style = true
}

variable "rollout" {
  type    = string
  default = "first"
}

locals {
  second = var.rollout == "second"
  buckets = {
    invoices = { closed = true, versioned = true, tags = { classification = "confidential" } }
    exports  = { closed = local.second, versioned = !local.second, tags = { classification = "internal" } }
    drafts   = { closed = true, versioned = local.second, tags = {} }
  }
  services = local.second ? ["mail", "search"] : ["mail", "print"]
}

module "logs" {
  source    = "./modules/bucket"
  name      = "modules-logs"
  is_logged = false
  closed    = true
  versioned = true
}

module "buckets" {
  source    = "./modules/bucket"
  for_each  = local.buckets
  name      = "modules-${each.key}"
  closed    = each.value.closed
  versioned = each.value.versioned
  tags      = each.value.tags
  log_to    = module.logs.bucket
}

module "copies" {
  source    = "./modules/bucket"
  name      = "modules-copies"
  is_logged = false
  closed    = true
  versioned = true
  providers = {
    aws = aws.replica
  }
}

module "network" {
  source = "./modules/network"
  admin_sources = {
    bastion = local.second ? ["10.0.0.0/8"] : ["0.0.0.0/0"]
    runner  = local.second ? ["0.0.0.0/0", "10.1.0.0/16"] : ["10.1.0.0/16"]
  }
}

module "database" {
  source          = "./modules/database"
  count           = 2
  name            = "modules-${count.index}"
  is_public       = count.index == 1
  encrypted       = count.index == 0
  retention       = local.second ? 7 : 1
  security_groups = [module.network.groups["runner"]]
}

module "services" {
  source   = "./modules/service"
  for_each = toset(local.services)
  name     = "modules-${each.key}"
  is_open  = local.second && each.key == "mail"
}
