"""From Exprs to what runs on arrays: one emitter a package or module."""
