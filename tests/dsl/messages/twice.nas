space choices
rate in {0.1, 0.01}
batch in {16, 32, 16}
rate in {1, 2}
