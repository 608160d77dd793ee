space cnn

input image {
  size in {32, 64}
}

layers 1
layer { conv { size 3  filters 8 } }
