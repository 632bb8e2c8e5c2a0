"""Cloud Logging's query language: its grammar, and which entries a query takes for certain."""
