"""The parts of the contract, each with `problems(app, status)`: `app` runs the plugin alone, on an empty database."""
