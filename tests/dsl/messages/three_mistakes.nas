space cnn

layers 6

layer {
  conv {
    height in {1, 3, 5, 7
    width  in {1, 3, 5, 7}
    filters on {24, 36, 48}
  }
  batchnorm
  relu
}

output clasifier
