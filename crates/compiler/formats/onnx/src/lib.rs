//! ONNX files to graphs
