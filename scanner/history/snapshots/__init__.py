"""Write snapshots, evidence documents and content to files, and read them back."""
