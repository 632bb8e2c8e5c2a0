"""Real responses of Google Cloud and Azure, recorded by others, served to the real clients."""
