"""A real HTTP server of all five upstream contracts with synthetic data, for demos and tests.

`manage.py sandbox --port N` runs it; tests start it with `process.SandboxProcess`. Data is a pure
function of a seed and an index, so that 100,000 images cost neither memory nor start-up time and a
restart shows the same. Tokens and keys are the fixed constants in `credentials`. Everything drawn
is synthetic and harmless.
"""
