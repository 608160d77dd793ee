"""Arrays of images and labels, and the files that hold them: .npz, .npy, idx, CSV and Parquet."""
