space cnn
layers 6..20 step 2
layer { conv { size 3  filters in {24, 36} } }
