"""The files of a store: signed records, segments of rows, and the marker that names the format."""
