from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.training.optimiser import learning_rates, make_optimiser

CONFIG = TrainingConfig(momentum=0.9, weight_decay=0.01)
RATES = [0.1, 0.05, 0.2, 0.01]


def train(gradient, parameter: np.ndarray, config: TrainingConfig) -> list[np.ndarray]:
    """The parameter after each step of a function with that gradient."""
    state = make_optimiser(0.0, config).init(jnp.asarray(parameter))
    found = []
    for rate in RATES:
        updates, state = make_optimiser(jnp.float32(rate), config).update(
            gradient(parameter), state, parameter
        )
        parameter = parameter + updates
        found.append(np.asarray(parameter))
    return found


def test_nesterov_with_weight_decay_is_its_formula() -> None:
    start = np.array([1.0, -2.0, 0.5], np.float32)
    parameter, velocity, expected = start, np.zeros(3, np.float32), []
    for rate in RATES:
        gradient = np.cos(parameter) + 0.01 * parameter
        velocity = 0.9 * velocity + gradient
        parameter = parameter - rate * (gradient + 0.9 * velocity)
        expected.append(parameter)
    np.testing.assert_allclose(train(jnp.cos, start, CONFIG), expected, rtol=1e-5)


def test_it_is_pytorchs_sgd() -> None:
    torch = pytest.importorskip("torch")
    start = np.array([1.0, -2.0, 0.5], np.float32)
    parameter = torch.tensor(start, requires_grad=True)
    optimiser = torch.optim.SGD([parameter], lr=1.0, momentum=0.9, nesterov=True, weight_decay=0.01)
    expected = []
    for rate in RATES:
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        torch.sin(parameter).sum().backward()
        optimiser.step()
        expected.append(parameter.detach().numpy().copy())
    np.testing.assert_allclose(train(jnp.cos, start, CONFIG), expected, rtol=1e-5)


def test_the_cosine_goes_from_the_peak_to_nothing_over_all_epochs() -> None:
    rates = learning_rates(replace(CONFIG, epochs=3, learning_rate=0.4), 10)
    assert rates.shape == (3, 10)
    assert rates[0, 0] == pytest.approx(0.4)
    assert rates[1, 5] == pytest.approx(0.2)
    assert 0 < rates[2, 9] < 0.002
    assert (np.diff(rates.ravel()) < 0).all()


def test_a_constant_schedule_stays() -> None:
    assert set(learning_rates(replace(CONFIG, epochs=2, schedule="constant"), 3).ravel()) == {np.float32(0.1)}


def test_the_state_does_not_depend_on_the_rate() -> None:
    parameter = jnp.ones(3)
    states = [make_optimiser(rate, CONFIG).init(parameter) for rate in (0.0, jnp.float32(0.1))]
    assert jax.tree.structure(states[0]) == jax.tree.structure(states[1])
