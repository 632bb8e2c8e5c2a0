"""Parts that several commands share: options, inputs, reports, progress, commit and alerts."""
