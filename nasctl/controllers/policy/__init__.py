"""The LSTM policy: a space compiled into steps, the network, sampling from it and scoring under it."""
