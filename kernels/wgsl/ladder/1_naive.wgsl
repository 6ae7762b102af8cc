// The ladder, step 1: the plain definition.
//
//   c[row, column] = sum over k of a[row, k] b[k, column]
//
// Each lane computes one value. Each multiply-add reads two values from memory: 2 operations for 8 bytes, a quarter of an
// operation per byte, where a large GPU needs 15. Only the cache helps: the lanes of a row read the same values of a.

const M = ${M}u;
const N = ${N}u;
const K = ${K}u;

@group(0) @binding(0) var<storage, read> a: array<f32>; // [M, K]
@group(0) @binding(1) var<storage, read> b: array<f32>; // [K, N]
@group(0) @binding(2) var<storage, read_write> c: array<f32>; // [M, N]

@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_id) lane: vec3u, @builtin(workgroup_id) group: vec3u) {
  // neighbouring lanes have neighbouring columns: their reads of b are contiguous
  let column = (group.x % (N / 16)) * 16 + lane.x;
  let row = (group.x / (N / 16)) * 16 + lane.y;
  var sum = 0.0;
  for (var k = 0u; k < K; k++) {
    sum += a[row * K + k] * b[k * N + column];
  }
  c[row * N + column] = sum;
}
