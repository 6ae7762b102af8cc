// The ladder, step 2: tiles in workgroup memory.
//
// The 256 lanes of a workgroup compute a tile of 16 x 16 values of c. Together they copy a tile of a and a tile of b to
// workgroup memory, one value each, and then each lane reads sixteen values of both from there. A value is read from memory
// once, where step 1 read it sixteen times. That is 4 operations per byte from memory. But each multiply-add still needs two
// reads, now of workgroup memory, and every sixteen need two barriers: on hardware, this step alone gains little.

const M = ${M}u;
const N = ${N}u;
const K = ${K}u;

@group(0) @binding(0) var<storage, read> a: array<f32>; // [M, K]
@group(0) @binding(1) var<storage, read> b: array<f32>; // [K, N]
@group(0) @binding(2) var<storage, read_write> c: array<f32>; // [M, N]

var<workgroup> tile_a: array<f32, 256>; // [16 rows, 16 k]
var<workgroup> tile_b: array<f32, 256>; // [16 k, 16 columns]

@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_id) lane: vec3u, @builtin(workgroup_id) group: vec3u) {
  let column = (group.x % (N / 16)) * 16 + lane.x;
  let row = (group.x / (N / 16)) * 16 + lane.y;
  let place = lane.y * 16 + lane.x;
  var sum = 0.0;
  for (var k0 = 0u; k0 < K; k0 += 16) {
    tile_a[place] = a[row * K + k0 + lane.x];
    tile_b[place] = b[(k0 + lane.y) * N + column];
    workgroupBarrier(); // no lane reads before all have written
    for (var k = 0u; k < 16; k++) {
      sum += tile_a[lane.y * 16 + k] * tile_b[k * 16 + lane.x];
    }
    workgroupBarrier(); // no lane writes the next tile before all have read this one
  }
  c[row * N + column] = sum;
}
