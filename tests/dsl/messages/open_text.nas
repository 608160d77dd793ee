space choices
kernel in {"1x1, "3x3"}
pool in {max, average}
