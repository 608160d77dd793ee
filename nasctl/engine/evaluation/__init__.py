"""How architectures are evaluated: by training a child or calling a function, in this process or in workers.

Nothing is imported here: workers that call a function import `function_evaluator` without JAX.
"""
