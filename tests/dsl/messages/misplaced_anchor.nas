space cnn
layers 4
layer {
  one of {
    part
    max_pool { size 2 }
  }
}
block part {
  conv { size 3  filters 8 }
  skip anchors
}
