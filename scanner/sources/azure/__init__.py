"""Azure: read by declared requests to its resource manager and to Microsoft Graph."""
