# Deep networks of blocks: Zoph & Le 2017, section 4.1, third version. 13 blocks of 3 layers each; within a block every
# layer reads all before it; max-pooling after layers 13 and 24 of the 39.
space cnn

let extent = {1, 3, 5, 7}

input image
layers 13

layer {
  repeat 3 dense {
    conv {
      height  in extent
      width   in extent
      filters in {6, 12, 24, 36}
    }
    batch_norm
    relu
  }
  skip anchors
}

after 13, 24 { max_pool { size 2 } }

output classifier

controller { preset paper }
