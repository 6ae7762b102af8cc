enable f16;
// Uses 16-bit floats as the kernels do, so that opening a device can check the results: values are rounded to 16 bits,
// pass through memory, are transposed as 4x4 blocks in workgroup memory, and are multiplied.

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [64]
@group(0) @binding(1) var<storage, read_write> halves: array<vec4h>; // [64]: x rounded
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [2, 64]: 4x4 blocks turned over, and squares

var<workgroup> tile: array<vec4h, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  halves[lane] = vec4h(x[lane]);
  tile[lane] = halves[lane];
  workgroupBarrier();
  let first = lane / 4 * 4;
  let block = transpose(mat4x4h(tile[first], tile[first + 1], tile[first + 2], tile[first + 3]));
  y[lane] = vec4f(block[lane % 4]);
  y[64 + lane] = vec4f(fma(vec4h(tile[lane][0]), tile[lane], vec4h()));
}
