space cnn
layers 4
layer {
  conv {
    size    3
    filters {24, 36}
  }
}
