space cnn

input image {
  height 0
  heigth 64
  fit crpo
}

layers 1
layer { conv { size 3  filters 8 } }
