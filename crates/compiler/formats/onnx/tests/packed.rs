//! Elements of 8 bits and less: read from every form, and refused where their bytes are not what type and extents say.

#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use fastserve_ir::{Fact, Graph, OpSet};
use fastserve_onnx::OnnxError;
use fastserve_onnx::proto::tensor_proto::DataType;
use fastserve_onnx::proto::*;
use fastserve_onnx::read_bytes;
use fastserve_onnx::write::{WriteOptions, write_bytes, write_file};
use fastserve_ops::Ops;
use fastserve_tensor::{DType, Shape, Tensor};
use prost::Message;

/// Every such type, and elements in a byte of a file.
const TYPES: [(DataType, DType, usize); 10] = [
    (DataType::Int4, DType::I4, 2),
    (DataType::Uint4, DType::U4, 2),
    (DataType::Int2, DType::I2, 4),
    (DataType::Uint2, DType::U2, 4),
    (DataType::Float4e2m1, DType::F4E2M1, 2),
    (DataType::Float8e4m3fn, DType::F8E4M3FN, 1),
    (DataType::Float8e4m3fnuz, DType::F8E4M3FNUZ, 1),
    (DataType::Float8e5m2, DType::F8E5M2, 1),
    (DataType::Float8e5m2fnuz, DType::F8E5M2FNUZ, 1),
    (DataType::Float8e8m0, DType::F8E8M0, 1),
];

fn raw(kind: DataType, dims: &[i64], bytes: &[u8]) -> TensorProto {
    TensorProto { raw_data: Some(Bytes::copy_from_slice(bytes)), ..tensor("t", kind, dims) }
}

fn list(kind: DataType, dims: &[i64], numbers: &[i32]) -> TensorProto {
    TensorProto { int32_data: numbers.to_vec(), ..tensor("t", kind, dims) }
}

fn constant(tensor: TensorProto) -> Tensor {
    let graph = load_model("constant", &with_initializer(tensor)).unwrap();
    graph.constant(graph.find_value("t").unwrap()).unwrap().clone()
}

#[test]
fn raw_data_and_lists_say_the_same() {
    for (kind, dtype, per) in TYPES {
        for n in [0usize, 1, 2, 3, 4, 5, 9] {
            let bytes: Vec<u8> = (0..n.div_ceil(per)).map(|i| (0xb4 + 0x35 * i) as u8).collect();
            let numbers: Vec<i32> = bytes.iter().map(|&b| b.into()).collect();
            let t = constant(raw(kind, &[n as i64], &bytes));
            assert_eq!((t.dtype(), t.numel()), (dtype, n));
            assert_eq!(t, constant(list(kind, &[n as i64], &numbers)), "{dtype} {n}");
            let bits = 8 / per;
            for (i, &code) in t.bytes().iter().enumerate() {
                let own = bytes[i / per] >> (i % per * bits) & (0xff >> (8 - bits));
                assert_eq!(code, dtype.narrow().unwrap().canonical(own), "{dtype} {i}");
            }
        }
    }
}

#[test]
fn wrong_lengths_are_refused() {
    for (kind, dtype, per) in TYPES {
        // One more element than the last whole byte has, but for those that fill a byte.
        let n = 2 * per as i64 + 1;
        for len in [0, 1, 2, 4, 5, 9] {
            let error = error_of("raw", &with_initializer(raw(kind, &[n], &vec![0; len])));
            assert_eq!(error, format!("graph.initializer[0] `t`: {dtype}[{n}] takes 3 bytes, got {len}"));
        }
        for len in [1, 2, 4, 9] {
            let error = error_of("list", &with_initializer(list(kind, &[n], &vec![0; len])));
            let what = if per > 1 { "numbers" } else { "elements" };
            assert_eq!(error, format!("graph.initializer[0] `t`: {dtype}[{n}] takes 3 {what}, int32_data has {len}"));
        }
        let error = error_of("range", &with_initializer(list(kind, &[n], &[0, 256, 0])));
        assert_eq!(error, "graph.initializer[0] `t`: int32_data[1] is 256, which the element type cannot hold");
        assert!(error_of("below", &with_initializer(list(kind, &[n], &[0, 0, -1]))).contains("int32_data[2] is -1"));
    }
}

#[test]
fn extents_beyond_memory_are_refused() {
    for (kind, ..) in TYPES {
        for dims in [&[1i64 << 40, 1 << 40][..], &[i64::MAX], &[i64::MAX, 0, 3], &[1 << 61]] {
            for t in [raw(kind, dims, &[1, 2]), list(kind, dims, &[1, 2]), tensor("t", kind, dims)] {
                assert!(load_model("extents", &with_initializer(t)).is_err() || dims.contains(&0));
            }
        }
    }
}

#[test]
fn what_unpacking_takes_is_counted() {
    // Four times the bytes is more than 64 MiB and twice them.
    let n = 40usize << 20;
    let large = |kind| with_initializer(raw(kind, &[4 * n as i64], &vec![0x1b; n]));
    let error = load_model("large", &large(DataType::Uint2)).unwrap_err();
    assert!(matches!(&error, OnnxError::Limit { path, .. } if path == "graph.initializer[0]"), "{error}");
    let n = 1 << 20;
    for (kind, _, per) in TYPES {
        load_model("fits", &with_initializer(raw(kind, &[(per * n) as i64], &vec![0x1b; n]))).unwrap();
    }
}

#[test]
fn many_tensors_of_one_external_region_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("w"), vec![0x1b; 1 << 20]).unwrap();
    let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
    let one = |i: usize| TensorProto {
        data_location: 1,
        external_data: vec![entry("location", "w")],
        ..tensor(&format!("t{i}"), DataType::Int2, &[4 << 20])
    };
    let file = |n: usize| -> Bytes {
        let g = GraphProto { initializer: (0..n).map(one).collect(), ..graph(vec![node("Relu", &["x"], &["y"])]) };
        model(g).encode_to_vec().into()
    };
    // 4 MiB each; the file beside is 1 MiB.
    assert!(read_bytes(file(8), Some(folder.path()), &Ops).is_ok());
    let error = read_bytes(file(17), Some(folder.path()), &Ops).unwrap_err().to_string();
    assert!(error.ends_with("unpacking it would take more memory than is granted"), "{error}");
}

/// A graph with a constant of every such type as its outputs, of an odd number of elements.
fn carried() -> Graph {
    let mut graph = Graph::new("g");
    let x = graph.add_input("x", Fact::new(DType::F32, vec![2.into()]));
    graph.add_output(x);
    for (_, dtype, _) in TYPES {
        let narrow = dtype.narrow().unwrap();
        let codes: Vec<u8> = (0..1111u32).map(|i| narrow.canonical((i * 7) as u8)).collect();
        let t = Tensor::from_codes(dtype, Shape::new(&[11, 101]).unwrap(), &codes).unwrap();
        let c = graph.add_const(&format!("c_{dtype}"), t);
        let op = Ops.build("", "Identity", 21, &fastserve_ir::Attrs::new()).unwrap();
        let node = graph.add_node(&format!("n_{dtype}"), op, &[Some(c)], &[&format!("y_{dtype}")]).unwrap();
        let made = graph.node(node).unwrap().outputs[0];
        graph.add_output(made);
    }
    graph
}

fn constants(graph: &Graph) -> Vec<Tensor> {
    TYPES.iter().map(|(_, dtype, _)| graph.constant(graph.find_value(&format!("c_{dtype}")).unwrap()).unwrap().clone()).collect()
}

#[test]
fn what_is_written_comes_back() {
    let graph = carried();
    let file: Bytes = write_bytes(&graph, &Ops).unwrap().into();
    assert_eq!(constants(&read_bytes(file.clone(), None, &Ops).unwrap()), constants(&graph));
    let proto = ModelProto::decode(file).unwrap();
    assert!(proto.opset_import[0].version >= 25, "types of opset 25 are there");
    let sizes = proto.graph.unwrap().initializer.iter().map(|t| t.raw_data.as_ref().unwrap().len()).collect::<Vec<_>>();
    let expected: Vec<usize> = TYPES.iter().map(|(_, _, per)| 1111usize.div_ceil(*per)).collect();
    assert_eq!(sizes, expected);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    write_file(&graph, &path, &Ops, &WriteOptions { external_data: true }).unwrap();
    assert_eq!(constants(&fastserve_onnx::read_file(&path, &Ops).unwrap()), constants(&graph));
}

#[test]
fn cut_off_and_flipped() {
    let mut m = model(GraphProto {
        initializer: TYPES.iter().map(|(kind, _, per)| raw(*kind, &[3, 5], &vec![0x5a; 15usize.div_ceil(*per)])).collect(),
        ..graph(vec![node("Relu", &["x"], &["y"])])
    });
    for (i, t) in m.graph.as_mut().unwrap().initializer.iter_mut().enumerate() {
        t.name = format!("t{i}");
    }
    let file = m.encode_to_vec();
    assert!(load("whole", file.clone().into(), None).is_ok());
    assert!((0..file.len()).all(|n| load("cut", Bytes::copy_from_slice(&file[..n]), None).is_err()));
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut copy = file.clone();
            copy[at] ^= 1 << bit;
            if let Ok(graph) = load("flip", copy.into(), None) {
                graph.verify().unwrap();
            }
        }
    }
}
