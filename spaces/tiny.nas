# A small space for a first try: 10,890 networks of 2 or 3 layers, each of which trains in seconds.
space cnn

layers in {2, 3}

layer {
  one of {
    conv_relu {
      size    in {1, 3, 5}
      filters in {8, 16, 32}
    }
    max_pool { size in {2, 3}  stride 1 }
  }
  skip anchors
}

block conv_relu(size, filters) {
  conv {
    size size
    filters filters
  }
  batch_norm
  relu
}

search { trials 12 }
training { epochs 15 }
