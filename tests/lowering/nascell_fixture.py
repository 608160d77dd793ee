"""Writes `nascell.npz`: the published NASCell as TensorFlow Addons computes it, with states and gradients.

Run once, on Python 3.11 in an environment of its own (neither package is needed by the tests):

    pip install tensorflow-cpu==2.15.1 tensorflow-addons==0.23.0
    python tests/lowering/nascell_fixture.py

Everything is computed in float64. The loss is the sum of the outputs of all steps, weighted by `weights`, and of the
last states, weighted by `weights_h` and `weights_c`.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_addons.rnn import NASCell

N, T, F, H = 4, 12, 8, 16  # examples, steps, features, hidden units


def main() -> None:
    assert tf.__version__ == "2.15.1"
    rng = np.random.default_rng(20171)
    x = rng.normal(size=(N, T, F))
    h, c = rng.normal(scale=0.5, size=(2, N, H))
    kernel = rng.normal(scale=F**-0.5, size=(F, 8 * H))
    recurrent_kernel = rng.normal(scale=H**-0.5, size=(H, 8 * H))
    bias = rng.normal(scale=0.3, size=(8 * H,))
    weights = rng.normal(size=(N, T, H))
    weights_h, weights_c = rng.normal(size=(2, N, H))

    cell = NASCell(H, use_bias=True, dtype="float64")
    cell.build((N, F))
    cell.kernel.assign(kernel)
    cell.recurrent_kernel.assign(recurrent_kernel)
    cell.bias.assign(bias)

    with tf.GradientTape() as tape:
        inputs, first_h, first_c = tf.constant(x), tf.constant(h), tf.constant(c)
        tape.watch([inputs, first_h, first_c])
        states, outputs = [first_c, first_h], []
        for step in range(T):
            output, states = cell(inputs[:, step], states)
            outputs.append(output)
        output = tf.stack(outputs, axis=1)
        loss = (
            tf.reduce_sum(output * weights)
            + tf.reduce_sum(states[1] * weights_h)
            + tf.reduce_sum(states[0] * weights_c)
        )
    sources = [inputs, first_h, first_c, cell.kernel, cell.recurrent_kernel, cell.bias]
    names = ["x", "h", "c", "kernel", "recurrent_kernel", "bias"]
    gradients = {
        f"gradient_{name}": value.numpy()
        for name, value in zip(names, tape.gradient(loss, sources), strict=True)
    }
    np.savez_compressed(
        Path(__file__).with_name("nascell.npz"),
        x=x,
        h=h,
        c=c,
        kernel=kernel,
        recurrent_kernel=recurrent_kernel,
        bias=bias,
        weights=weights,
        weights_h=weights_h,
        weights_c=weights_c,
        output=output.numpy(),
        last_h=states[1].numpy(),
        last_c=states[0].numpy(),
        **gradients,
    )


if __name__ == "__main__":
    main()
