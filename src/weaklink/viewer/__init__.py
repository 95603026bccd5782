"""The viewer: traces in a browser, served from this machine to this machine. Needs `pip install "weaklink[view]"`."""
