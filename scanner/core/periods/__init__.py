"""From records and transitions to a period: Type I, Type II, deviations, samples."""
