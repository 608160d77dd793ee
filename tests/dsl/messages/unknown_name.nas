space cnn
let widths = {24, 36, 48}
layers 4
layer {
  conv { size 3  filters in width }
  relu
}
