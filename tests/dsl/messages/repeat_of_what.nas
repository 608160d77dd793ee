space cnn
layers 2
layer {
  repeat 2 add { conv { size 3 filters 4 } }
}
