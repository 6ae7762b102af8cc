// max(0, x) and max(a, b) that keep NaN: appended to whatever rectifies or pools.
//
// WGSL's own max() may return the other operand where one is NaN, and a compiler may assume that there is none (Metal's does
// unless told otherwise), so that even `x < 0` is no test to rely on. Then a network whose sums are NaN goes on with zeros, and
// the report of the first bad step never comes. So the bits are asked, as integers: of what is at least -0 and at most -infinity
// as a number of 32 bits, and no NaN of either sign.

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
