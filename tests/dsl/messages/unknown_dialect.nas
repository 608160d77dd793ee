space cmm
layers 4
