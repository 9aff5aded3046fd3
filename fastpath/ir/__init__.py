"""What a plan is made of before it has buffers: Exprs, arrays yet to be computed, and what is done to them."""
