"""Where photographs are imported from: one module a kind of address."""
