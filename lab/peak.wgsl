// Measures how many multiply-adds a GPU can do without waiting for memory: eight independent sums of four lanes in each
// invocation. One loop. The program that assembles this text unrolls its body: // #body is 16 rounds of 8 fused multiply-adds
// on four lanes.

@group(0) @binding(0) var<storage, read_write> out: array<vec4f>; // [1]

override rounds: u32; // times #body

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let f = vec4f(0.999 + 1e-9 * f32(id.x));
  let t = vec4f(1e-7);
  // #sums
  for (var round = 0u; round < rounds; round++) {
    // #body
  }
  let all = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
  if (all.x == -1.0) { out[0] = all; } // never true, but the compiler can't know
}
