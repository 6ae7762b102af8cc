// The ladder, step 5: one loop.
//
// The kernel of step 4 with every loop except that along k unrolled by the template (`#for`, template.ts): neither naga nor
// Tint unrolls. The gains: no counters (naga adds one to guard each loop); the sums have names instead of indices, and so
// stay in registers; and each value of b is read from workgroup memory once for all four rows.
//
// gemm_tile.wgsl continues from here: lanes of 8 x 8, other tiles, parts along k, fused final operations.

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
#for i in 4
  var sum_${i} = vec4f();
#end
  for (var k4 = 0u; k4 < K4; k4 += 4) {
    tile_a[lane] = a[(row + lane / 4) * K4 + k4 + lane % 4];
    tile_b[lane] = b[(4 * k4 + lane / 16) * N4 + column4 + lane % 16];
    workgroupBarrier();
#for kk in 4
    {
#for i in 4
      let a_${i} = tile_a[(4 * ty + ${i}) * 4 + ${kk}];
#end
#for j in 4
      let b_${j} = tile_b[(4 * ${kk} + ${j}) * 16 + tx];
#for i in 4
      sum_${i} = fma(vec4f(a_${i}[${j}]), b_${j}, sum_${i});
#end
#end
    }
#end
    workgroupBarrier();
  }
#for i in 4
  c[(row + 4 * ty + ${i}) * N4 + column4 + tx] = sum_${i};
#end
}
