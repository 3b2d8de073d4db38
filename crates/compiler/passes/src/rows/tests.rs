//! Small graphs, and what is said of them.

use fastserve_ir::text::parse;
use fastserve_ops::Ops;

use super::separable;

fn verdict(body: &str) -> String {
    let text = format!("graph g(N, S) {{ {body} }}");
    match parse(&text, &Ops) {
        Ok(graph) => separable(&graph).map_or_else(|e| e.to_string(), |_| "apart".to_owned()),
        Err(error) => format!("{error}\n{text}"),
    }
}

#[test]
fn rows_that_stay_apart() {
    for body in [
        "input %x: f32[N,4] %y: f32[N,4] = Relu(%x) @n return %y",
        "input %x: f32[N,4] input %z: f32[N,1] %y: f32[N,4] = Add(%x, %z) @n return %y",
        "input %x: f32[N,4] const %c: f32[4] = {1,2,3,4} %y: f32[N,4] = Add(%c, %x) @n return %y",
        "input %x: f32[N,3,4] %y: f32[N,4] = ReduceMean { fs.axes = [1], keepdims = 0 } (%x) @n return %y",
        "input %x: f32[N,3,4] %y: f32[N,12] = Flatten { axis = 1 } (%x) @n return %y",
        "input %x: f32[N,3,4] %t: f32[3,N,4] = Transpose { perm = [1,0,2] } (%x) @a %y: f32[N,3,4] = Transpose { perm = [1,0,2] } (%t) @b return %y",
        "input %x: f32[N,S,4] input %z: f32[N,4,S] %y: f32[N,S,S] = MatMul(%x, %z) @n return %y",
        "input %x: f32[N,S,4] const %w: f32[4,2] = {1,2,3,4,5,6,7,8} %y: f32[N,S,2] = MatMul(%x, %w) @n return %y",
        "input %x: i64[N,S] const %t: f32[2,3] = {1,2,3,4,5,6} %y: f32[N,S,3] = Gather { axis = 0 } (%t, %x) @n return %y",
        "input %x: f32[N,S,4] const %s: i64[2] = {-1,4} %t: f32[(N*S),4] = Reshape(%x, %s) @n %u: f32[(N*S),4] = Softmax { axis = 1 } (%t) @m return %u",
    ] {
        assert_eq!(verdict(body), "apart", "{body}");
    }
}

#[test]
fn rows_that_meet() {
    for (body, why) in [
        ("input %x: f32[2,4] %y: f32[2,4] = Relu(%x) @n return %y", "input `x`: axis 0 has no symbol"),
        (
            "input %x: f32[N,4] input %z: f32[S,4] %y: f32[N,4] = Relu(%x) @n return %y",
            "input `z`: axis 0 is not the batch of the first input",
        ),
        ("input %x: f32[N,N] %y: f32[N,N] = Relu(%x) @n return %y", "input `x`: the batch is on another axis too"),
        (
            "input %x: f32[N,4] %y: f32[1,4] = ReduceMean { fs.axes = [0] } (%x) @n return %y",
            "node `n` (ReduceMean): it leaves no rows apart",
        ),
        ("input %x: f32[N,4] %y: f32[N,4] = Softmax { axis = 0 } (%x) @n return %y", "node `n` (Softmax): it computes along the batch"),
        ("input %x: f32[N,4] %y: f32[4,N] = Transpose { perm = [1,0] } (%x) @n return %y", "output `y`: its rows are not on axis 0"),
        (
            "input %x: f32[N,4] %t: f32[4,N] = Transpose { perm = [1,0] } (%x) @a %y: f32[N,N] = MatMul(%x, %t) @b return %y",
            "node `b` (MatMul): it sums over the batch",
        ),
        (
            "input %x: f32[N,4] %y: u8[N,4], %s: f32[], %z: u8[] = DynamicQuantizeLinear(%x) @n return %y",
            "node `n` (DynamicQuantizeLinear): its scale comes from the whole batch",
        ),
        (
            "input %x: f32[N,4] const %c: f32[4,1] = {1,2,3,4} %t: f32[N,1] = MatMul(%x, %c) @a %s: i64[2] = Shape { start = 0 } (%x) @s \
             %f: f32[2] = Cast { to = 1 } (%s) @f %m: f32[] = ReduceMax { fs.axes = [0], keepdims = 0 } (%f) @m \
             %y: f32[N,1] = Div(%t, %m) @d return %y",
            "node `m` (ReduceMax): its numbers depend on the size of the batch",
        ),
        (
            "input %x: f32[N,3,4] %t: f32[3,N,4] = Transpose { perm = [1,0,2] } (%x) @a const %s: i64[2] = {-1,4} \
             %y: f32[(N*3),4] = Reshape(%t, %s) @b return %y",
            "node `b` (Reshape): it folds the batch into another axis",
        ),
        (
            "input %x: f32[N,4] const %i: i64[1] = {0} %y: f32[1,4] = Gather { axis = 0 } (%x, %i) @n return %y",
            "node `n` (Gather): it picks rows of the batch",
        ),
    ] {
        assert_eq!(verdict(body), why, "{body}");
    }
}
