"""The demo: the plugin at work between both simulators. `python -m simulators.demo`."""
