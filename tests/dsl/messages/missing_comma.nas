space cnn
layers 4
layer {
  conv {
    size    in {1, 3 5}
    filters in {24, 36}
  }
}
