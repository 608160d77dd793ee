space choices
search { trials -3  max_failures 0  workers 1G }
training {
  batch 0
  learning_rate nan
  momentum 1.5
}
a in {1, 2}
