//! The content-addressed blob store and its HTTP face.
