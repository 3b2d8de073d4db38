//! Small graphs, one for each kernel family: each leading axis is the batch, so that a request can run alone.
#![allow(dead_code)]

/// What a graph has between its name and its `return %y`.
pub(crate) const OPERATORS: &[&str] = &[
    // Moves.
    "input %x: f32[N,7,5] const %i: i64[3] = {6, 0, -2} %y: f32[N,3,5] = Gather{axis=1}(%x, %i) @n",
    "input %x: f32[N,7] const %i: i64[2,2] = {6, 0, -2, 3} %y: f32[N,2,2] = Gather{axis=1}(%x, %i) @n",
    "input %i: i64[N,9] const %x: f32[10,33] = LIST330 %y: f32[N,9,33] = Gather(%x, %i) @n",
    "input %x: f32[N,37] const %p: i64[4] = {0, 5, 0, 6} %y: f32[N,48] = Pad{mode=\"reflect\"}(%x, %p) @n",
    "input %x: f32[N,3,4] const %p: i64[6] = {0, 2, 0, 0, 1, 3} %y: f32[N,6,7] = Pad{mode=\"edge\"}(%x, %p) @n",
    "input %x: f32[N,3,4] const %p: i64[6] = {0, 2, -1, 0, 1, 3} const %v: f32[] = {2.5} %y: f32[N,6,6] = Pad(%x, %p, %v) @n",
    "input %x: f32[N,3,5] const %r: i64[3] = {1, 2, 3} %y: f32[N,6,15] = Tile(%x, %r) @n",
    "input %x: f32[N,3,5] %y: f32[N,5,3] = Transpose{perm=[0,2,1]}(%x) @n",
    "input %x: f32[N,3,5] input %z: f32[N,2,5] %y: f32[N,5,5] = Concat{axis=1}(%x, %z) @n",
    "input %x: f32[N,9] const %a: i64[1] = {8} const %e: i64[1] = {0} const %d: i64[1] = {1} const %s: i64[1] = {-2} %y: f32[N,4] = Slice(%x, %a, %e, %d, %s) @n",
    "input %x: f32[N,6] const %l: i64[2] = {2, 4} %u: f32[N,2], %y: f32[N,4] = Split{axis=1}(%x, %l) @n",
    "input %x: f32[N,2,3,5] const %s: f32[4] = {1, 1, 2, 2} %y: f32[N,2,6,10] = Resize(%x, _, %s) @n",
    // Any types.
    "input %x: f32[N,35] input %z: f32[N,35] %t: bool[N,35] = Less(%x, %z) @l %u: bool[N,35] = Not(%t) @m %v: bool[N,35] = Or(%t, %u) @o %w: bool[N,35] = GreaterOrEqual(%z, %x) @g %a: bool[N,35] = And(%v, %w) @a %y: f32[N,35] = Where(%a, %x, %z) @n",
    "input %x: f32[N,3,35] const %c: f32[1,3,1] = {0.1, -0.5, 0.25} const %z: f32[] = {0} %t: bool[N,3,35] = Greater(%x, %c) @g %y: f32[N,3,35] = Where(%t, %x, %z) @n",
    "input %x: i64[N,35] const %c: i64[] = {7} const %d: i64[35] = {3, 1, 2, 5, 1, 1, 4, 3, 1, 2, 5, 1, 1, 4, 3, 1, 2, 5, 1, 1, 4, 3, 1, 2, 5, 1, 1, 4, 3, 1, 2, 5, 1, 1, 4} %a: i64[N,35] = Add(%x, %c) @a %b: i64[N,35] = Mul(%a, %x) @b %e: i64[N,35] = Div(%b, %d) @d %f: i64[N,35] = Sub(%e, %c) @s %g: i64[N,35] = Max(%f, %c) @m %y: f32[N,35] = Cast{to=1}(%g) @n",
    "input %x: f32[N,35] %a: f16[N,35] = Cast{to=10}(%x) @a %b: f32[N,35] = Cast{to=1}(%a) @b %c: i32[N,35] = Cast{to=6}(%b) @c %d: bool[N,35] = Cast{to=9}(%c) @d %e: u8[N,35] = Cast{to=2}(%d) @e %f: i64[N,35] = Cast{to=7}(%e) @f %g: bool[N,35] = Equal(%f, %f) @g %h: f32[N,35] = Cast{to=1}(%g) @h %y: f32[N,35] = Add(%h, %b) @n",
    "input %x: f32[N,35] const %e: f32[] = {2} %a: f32[N,35] = Pow(%x, %e) @a const %h: f32[] = {0.5} %b: f32[N,35] = Pow(%a, %h) @b const %f: f32[1] = {1.7} %c: f32[N,35] = Pow(%b, %f) @c %y: f32[N,35] = Pow(%c, %a) @n",
    "input %x: f32[N,35] input %z: f32[N,35] const %c: f32[1,1] = {0.2} %a: f32[N,35] = Max(%x, %z, %c) @a %b: f32[N,35] = Min(%x, %c, %z) @b %s: f32[N,35] = Sum(%a, %b, %x, %c) @s %y: f32[N,35] = Mean(%s, %a, %z) @n",
    "input %x: f32[N,3,35] const %c: f32[3,1] = {0.1, -0.5, 0.25} %y: f32[N,3,35] = PRelu(%x, %c) @n",
    // Windows, reductions and normalisations.
    "input %x: f32[N,3,7,9] %y: f32[N,3,1,1] = GlobalAveragePool(%x) @n",
    "input %x: f32[N,3,7,4,5] %y: f32[N,3,1,1,1] = GlobalMaxPool(%x) @n",
    "input %x: f32[N,3,37] const %a: i64[1] = {1} %y: f32[N,37] = ReduceSum{keepdims=0}(%x, %a) @n",
    "input %x: f32[N,3,37] const %a: i64[1] = {2} %y: f32[N,3,1] = ReduceL2(%x, %a) @n",
    "input %x: f32[N,7,21] %y: f32[N,7,21] = LRN{size=3, alpha=0.5}(%x) @n",
    "input %x: f32[N,7,3] %y: f32[N,7,3] = LRN{size=4, alpha=0.5, beta=0.6}(%x) @n",
    "input %x: f32[N,19] const %s: f32[19] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1} %y: f32[N,19] = LayerNormalization(%x, %s) @n",
    "input %x: f32[N,3,19] const %s: f32[3] = {1, 2, 3} %y: f32[N,3,19] = InstanceNormalization(%x, %s, %s) @n",
    "input %x: f32[N,21,35] %y: f32[N,21,35] = Softmax{axis=1}(%x) @n",
    "input %x: f32[N,21,35] %y: f32[N,21,35] = LogSoftmax{axis=1}(%x) @n",
    "input %x: f32[N,35] %y: f32[N,35] = LogSoftmax(%x) @n",
    "input %x: f32[N,2,5,7] const %s: f32[4] = {1, 1, 2, 1.5} %y: f32[N,2,10,10] = Resize{mode=\"linear\"}(%x, _, %s) @n",
    "input %x: f32[N,2,5,7] const %z: i64[2] = {3, 4} %y: f32[N,2,3,4] = Resize{axes=[2,3], coordinate_transformation_mode=\"align_corners\", mode=\"linear\"}(%x, _, _, %z) @n",
    // Attention: heads folded in, one projection, masks chosen and added, one query, heads of 5.
    "input %x: f32[N,37,36] const %h: i64[4] = {0, 0, 3, 12} const %f: f32[] = {0.28} %a: f32[N,37,3,12] = Reshape(%x, %h) @h %q: f32[N,3,37,12] = Transpose{perm=[0,2,1,3]}(%a) @q %k: f32[N,3,12,37] = Transpose{perm=[0,2,3,1]}(%a) @k %s: f32[N,3,37,37] = MatMul(%q, %k) @s %d: f32[N,3,37,37] = Mul(%s, %f) @d %p: f32[N,3,37,37] = Softmax{axis=-1}(%d) @p %o: f32[N,3,37,12] = MatMul(%p, %q) @o %y: f32[N,37,3,12] = Transpose{perm=[0,2,1,3]}(%o) @n",
    "input %x: f32[N,19,3,2,5] input %m: f32[N,1,1,19] input %c: bool[N,1,19,19] %y: f32[N,19,2,5] = fs.Attention{fill=-3.0, k_order=[0,3,1,4], k_place=1, q_order=[0,3,1,4], scale=0.5, v_order=[0,3,1,4], v_place=2, y_order=[0,2,1,3]}(%x, %x, %x, %c, %m) @n",
    "input %x: f32[N,1,20] input %z: f32[N,70,20] input %c: bool[N,1,70] input %m: f32[N,1,1] %y: f32[N,1,20] = fs.Attention{fill=-2.5, k_order=[0,1,2], q_order=[0,1,2], scale=0.25, stays=0, v_order=[0,1,2], y_order=[0,1,2]}(%x, %z, %z, %c, %m, %m) @n",
    "input %x: f32[N,300,16] %y: f32[N,300,16] = fs.Attention{k_order=[0,1,2], q_order=[0,1,2], scale=0.25, v_order=[0,1,2], y_order=[0,1,2]}(%x, %x, %x) @n",
    // Products.
    "input %x: f32[N,4,3] const %w: f32[1,6,3] = LIST18 const %r: f32[1,6,2] = LIST12 %t: f32[4,N,3] = Transpose{perm=[1,0,2]}(%x) @t %o: f32[4,1,N,2], %h: f32[1,N,2] = GRU{hidden_size=2, linear_before_reset=1}(%t, %w, %r) @g %y: f32[N,4,1,2] = Transpose{perm=[2,0,1,3]}(%o) @n",
    "input %x: f32[N,4,3] const %w: f32[1,8,3] = LIST24 const %r: f32[1,8,2] = LIST16 %t: f32[4,N,3] = Transpose{perm=[1,0,2]}(%x) @t %o: f32[4,1,N,2], %h: f32[1,N,2], %c: f32[1,N,2] = LSTM{hidden_size=2}(%t, %w, %r) @g %y: f32[N,4,1,2] = Transpose{perm=[2,0,1,3]}(%o) @n",
    "input %x: f32[N,5,7] input %z: f32[N,7,19] %y: f32[N,5,19] = MatMul(%x, %z) @n",
    "input %x: f32[N,2,4,5] const %w: f32[2,1,2,2] = {1, 2, 3, 4, -1, -2, -3, -4} %y: f32[N,1,8,10] = ConvTranspose{strides=[2,2]}(%x, %w) @n",
];

/// The graphs as texts.
pub(crate) fn texts() -> impl Iterator<Item = String> {
    OPERATORS.iter().enumerate().map(|(i, body)| format!("graph op{i}(N) {{ {} return %y }}", with_lists(body)))
}

/// `LIST18` becomes 18 numbers.
fn with_lists(body: &str) -> String {
    let list = |n: usize| (0..n).map(|i| ((i * 37 % 101) as f32 / 100.0 - 0.5).to_string()).collect::<Vec<_>>().join(", ");
    [12, 16, 18, 24, 330].iter().fold(body.to_owned(), |body, &n| body.replace(&format!("LIST{n} "), &format!("{{{}}} ", list(n))))
}
