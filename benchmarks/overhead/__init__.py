"""What tracing costs: the same work with and without each tracer, in the same run, down to the last flush."""
