# Stages of separable convolutions, as in MobileNet (Howard et al. 2017). The search decides the number of units in each
# stage, their filters and the sizes of their kernels.
space cnn

block unit(size, filters, stride = 1) {
  separable_conv {
    size size
    stride stride
    filters filters
  }
  batch_norm
  relu
}

input image

layer stem {
  conv { size 3  filters in {16, 24, 32} }
  batch_norm
  relu
}

layer stage1 repeat in 1..3 {
  unit { size in {3, 5}  filters in {24, 32, 48} }
}

layer reduce1 {
  unit { size in {3, 5}  filters in {48, 64, 96}  stride 2 }
}

layer stage2 repeat in 1..4 {
  unit { size in {3, 5, 7}  filters in {48, 64, 96} }
}

layer reduce2 {
  unit { size in {3, 5}  filters in {96, 128, 192}  stride 2 }
}

layer stage3 repeat in 1..3 {
  unit { size in {3, 5}  filters in {96, 128, 192} }
}

output classifier
require params <= 500k
