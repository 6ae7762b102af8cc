// The ladder, step 3: blocks in registers.
//
// Each lane computes 4 x 4 values of c. For each k it reads four values of a and four of b from workgroup memory and uses them
// for sixteen multiply-adds: half a read each, where step 2 had two. The same 256 lanes now cover a tile of 64 x 64: 16
// operations per byte from memory. On hardware, this is the largest step of all.
//
// The sums are an array, indexed by loops. A compiler that does not unroll them keeps the array in memory, and both naga and
// Tint add a bounds test for each index: step 5 removes both.

const M = ${M}u;
const N = ${N}u;
const K = ${K}u;

@group(0) @binding(0) var<storage, read> a: array<f32>; // [M, K]
@group(0) @binding(1) var<storage, read> b: array<f32>; // [K, N]
@group(0) @binding(2) var<storage, read_write> c: array<f32>; // [M, N]

var<workgroup> tile_a: array<f32, 1024>; // [64 rows, 16 k]
var<workgroup> tile_b: array<f32, 1024>; // [16 k, 64 columns]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let row = (group.x / (N / 64)) * 64;
  let column = (group.x % (N / 64)) * 64;
  let tx = lane % 16;
  let ty = lane / 16;
  var sums = array<f32, 16>();
  for (var k0 = 0u; k0 < K; k0 += 16) {
    for (var place = lane; place < 1024; place += 256) { // four values of each tile
      tile_a[place] = a[(row + place / 16) * K + k0 + place % 16];
      tile_b[place] = b[(k0 + place / 64) * N + column + place % 64];
    }
    workgroupBarrier();
    for (var k = 0u; k < 16; k++) {
      for (var i = 0u; i < 4; i++) {
        let value = tile_a[(4 * ty + i) * 16 + k];
        for (var j = 0u; j < 4; j++) {
          sums[4 * i + j] += value * tile_b[k * 64 + 4 * tx + j];
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    for (var j = 0u; j < 4; j++) {
      c[(row + 4 * ty + i) * N + column + 4 * tx + j] = sums[4 * i + j];
    }
  }
}
