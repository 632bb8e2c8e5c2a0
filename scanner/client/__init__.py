"""The client of providers: one call made with retries, paging, classification and redaction."""
