space cnn
layers 4
layer {
  conv {
    size    in {1, 3, 5}
    fliters in {24, 36}
  }
  relu
}
