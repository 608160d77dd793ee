space cnn
let wide = 8
let wide = 16
layers 2
block unit(width, size = 3, width) {
  conv { size size  filters width }
}
layer {
  unit { width wide  width 24 }
}
