from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nasctl.config import TrainingConfig
from nasctl.training.optimiser import initial_optimiser_state, learning_rates, make_optimiser

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


@pytest.mark.oracle
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


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_vectors_are_changed_together_and_as_each_would_be_alone(optimiser: str) -> None:
    config = replace(CONFIG, optimiser=optimiser, clip=1.0)
    plain = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.add_decayed_weights(config.weight_decay),
        optax.adam(0.1, b1=0.9) if optimiser == "adam" else optax.sgd(0.1, momentum=0.9, nesterov=True),
    )
    rng = np.random.default_rng(0)
    shapes = {"a": (), "b": (3,), "c": (2, 4), "d": (5,), "e": (1, 2, 3)}
    ours = theirs = {name: jnp.asarray(rng.normal(size=shape), jnp.float32) for name, shape in shapes.items()}
    state, reference = initial_optimiser_state(ours, config), plain.init(theirs)
    for _ in range(3):
        gradient = {name: jnp.asarray(rng.normal(size=shape), jnp.float32) for name, shape in shapes.items()}
        changes, state = make_optimiser(0.1, config).update(gradient, state, ours)
        ours = optax.apply_updates(ours, changes)
        changes, reference = plain.update(gradient, reference, theirs)
        theirs = optax.apply_updates(theirs, changes)
    for name in shapes:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_the_initial_optimiser_state_is_the_optimisers_own(shape: tuple[int, ...]) -> None:
    parameters = {"a": jnp.ones(shape)}
    for optimiser in ("sgd", "adam"):
        config = replace(CONFIG, optimiser=optimiser)
        first, own = initial_optimiser_state(parameters, config), make_optimiser(0.0, config).init(parameters)
        assert jax.tree.structure(first) == jax.tree.structure(own)
        assert all(map(np.array_equal, jax.tree.leaves(first), jax.tree.leaves(own)))
