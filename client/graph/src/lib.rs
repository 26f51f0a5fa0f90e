//! The ONNX graph builder with reverse-mode differentiation, and model architectures.
