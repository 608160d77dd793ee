space choices
a in 8..2
b in 1..1000000000
c in 0..1 log 3
d in 0.1..0.5 step 0
