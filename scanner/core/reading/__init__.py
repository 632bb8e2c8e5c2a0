"""From raw answers to resources: which calls a check needs, and the typed attributes made from what they returned."""
