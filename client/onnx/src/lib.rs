//! The only user of ONNX Runtime: library discovery, sessions, execution classes.
