// The ladder, step 4: four values at once.
//
// The same tiles and blocks as in step 3, but contiguous values are read, kept and written as a vec4f: a quarter of the
// instructions that move data, a quarter of the indices and of their bounds tests, and memory accesses of 16 bytes per
// lane, for which the bus is made. A vec4f of a has four k of one row, one of b four columns at one k.

const M = ${M}u;
const N4 = ${N}u / 4;
const K4 = ${K}u / 4;

@group(0) @binding(0) var<storage, read> a: array<vec4f>; // [M, K]
@group(0) @binding(1) var<storage, read> b: array<vec4f>; // [K, N]
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>; // [M, N]

var<workgroup> tile_a: array<vec4f, 256>; // [64 rows, 16 k]
var<workgroup> tile_b: array<vec4f, 256>; // [16 k, 64 columns]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let row = (group.x / (N4 / 16)) * 64;
  let column4 = (group.x % (N4 / 16)) * 16;
  let tx = lane % 16;
  let ty = lane / 16;
  var sums = array<vec4f, 4>();
  for (var k4 = 0u; k4 < K4; k4 += 4) {
    tile_a[lane] = a[(row + lane / 4) * K4 + k4 + lane % 4];
    tile_b[lane] = b[(4 * k4 + lane / 16) * N4 + column4 + lane % 16];
    workgroupBarrier();
    for (var kk = 0u; kk < 4; kk++) {
      for (var i = 0u; i < 4; i++) {
        let four = tile_a[(4 * ty + i) * 4 + kk]; // of one row
        for (var j = 0u; j < 4; j++) {
          sums[i] = fma(vec4f(four[j]), tile_b[(4 * kk + j) * 16 + tx], sums[i]);
        }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    c[(row + 4 * ty + i) * N4 + column4 + tx] = sums[i];
  }
}
