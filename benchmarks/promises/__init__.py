"""Every promise measured: what is lost, what is held up, what leaks."""
