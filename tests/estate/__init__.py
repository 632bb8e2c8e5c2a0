"""A small made-up AWS estate on this machine: moto's server, seeded over its own API."""
