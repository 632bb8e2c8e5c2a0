"""GitHub: read over its REST and GraphQL interfaces."""
