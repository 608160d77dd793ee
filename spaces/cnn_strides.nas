# Networks that decide strides too: Zoph & Le 2017, section 4.1, second version.
space cnn

input image
layers 6

layer {
  conv {
    height  in {1, 3, 5, 7}
    width   in {1, 3, 5, 7}
    stride  (height in {1, 2, 3}, width in {1, 2, 3})
    filters in {24, 36, 48, 64}
  }
  batch_norm
  relu
  skip anchors
}

output classifier

search { trials 24 }
training { epochs 5 }
