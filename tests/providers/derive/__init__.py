"""Development commands that derive the models of `scanner/providers/<cloud>/models` from what
providers publish.

Each takes the provider's own description, cuts it to the reviewed operations, and writes botocore's
model format. The descriptions are large, so that they are fetched by hand into an environment of
their own; what is derived is kept."""
