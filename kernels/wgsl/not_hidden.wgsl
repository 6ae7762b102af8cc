// max(0, x) and max(a, b) that preserve NaN: appended to kernels with a ReLU or a pool.
//
// WGSL's max() may return the other operand if one is NaN, and a compiler may assume that there is no NaN (Metal's does by
// default), so even the test `x < 0` is not reliable. A network with NaN sums would then continue with zeros, and never report
// the first bad step. So the bits are tested as integers: negative values, from -0 to -infinity as 32-bit numbers, are replaced,
// and NaN of either sign is not.

fn rectified(x: vec4f) -> vec4f {
  let negative = bitcast<vec4u>(x) - vec4u(0x80000000u) <= vec4u(0x7f800000u);
  return select(x, vec4f(), negative);
}

fn rectified_one(x: f32) -> f32 {
  return select(x, 0.0, bitcast<u32>(x) - 0x80000000u <= 0x7f800000u);
}

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn larger(a: f32, b: f32) -> f32 {
  return select(select(max(a, b), b, is_nan(b)), a, is_nan(a));
}
