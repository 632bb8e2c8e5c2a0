"""REST clouds: reviewed operations, made as HTTP requests that a file declares."""
