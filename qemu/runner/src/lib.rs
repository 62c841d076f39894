//! Host side of the images.
