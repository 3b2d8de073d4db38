//! Files that tests make and read.

use std::path::Path;

use npyz::{AutoSerialize, Deserialize, NpyFile, WriterBuilder};

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Extents and elements of an `.npy` file.
pub(crate) fn read_npy<T: Deserialize>(path: &Path) -> (Vec<u64>, Vec<T>) {
    let file = NpyFile::new(std::fs::File::open(path).expect("the file is there")).expect("a header");
    (file.shape().to_vec(), file.into_vec().expect("elements of this type"))
}

/// Writes an `.npy` file.
pub(crate) fn write_npy<T: AutoSerialize + npyz::Serialize + Copy>(path: &Path, shape: &[u64], data: &[T]) {
    let file = std::fs::File::create(path).expect("the folder is there");
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(shape).writer(file).begin_nd().expect("a header");
    writer.extend(data.iter().copied()).expect("elements");
    writer.finish().expect("as many as the extents say");
}

/// An ONNX model of one node `strange` of this operator, from `x` to `y`, both f32[1].
pub(crate) fn onnx_of(op: &str) -> Vec<u8> {
    let one = field(2, &field(1, &[8, 1]));
    let typed = |name: &str| [field(1, name.as_bytes()), field(2, &field(1, &[&[8, 1][..], &one].concat()))].concat();
    let node = [field(1, b"x"), field(2, b"y"), field(3, b"strange"), field(4, op.as_bytes())].concat();
    let graph = [field(1, &node), field(2, b"small"), field(11, &typed("x")), field(12, &typed("y"))].concat();
    [&[8, 8][..], &field(7, &graph), &field(8, &[&field(1, b"")[..], &[16, 17]].concat())].concat()
}

/// A `TensorProto` of one f32.
pub(crate) fn tensor_pb(value: f32) -> Vec<u8> {
    [&[8, 1, 16, 1][..], &field(9, &value.to_le_bytes())].concat()
}

/// A length-delimited protobuf field of less than 128 bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).ok().filter(|n| *n < 128).expect("a short field");
    [&[number << 3 | 2, len], bytes].concat()
}
