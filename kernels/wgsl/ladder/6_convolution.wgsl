// The ladder, step 6: a convolution is this product.
//
//   y[pixel, channel out] = sum over tap, channel in of x[pixel + shift(tap), channel in] weights[tap, channel in, channel out]
//
// Implicit GEMM: rows are the pixels of all images, k counts nine taps of CIN channels. The matrix a, with each pixel's
// neighbourhood in a row, would be nine times as large as the images. It is never stored: where step 5 reads a row, this step
// reads from the images, and uses zero if the neighbour is outside. Everything else is step 5.

const HEIGHT = ${HEIGHT}u;
const WIDTH = ${WIDTH}u;
const CIN4 = ${CIN}u / 4;
const N4 = ${COUT}u / 4;
const K4 = 9 * CIN4;

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [batch, HEIGHT, WIDTH, CIN]
@group(0) @binding(1) var<storage, read> weights: array<vec4f>; // [3, 3, CIN, COUT]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [batch, HEIGHT, WIDTH, COUT]

var<workgroup> tile_a: array<vec4f, 256>; // [64 pixels, 16 k]
var<workgroup> tile_b: array<vec4f, 256>; // [16 k, 64 channels]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let row = (group.x / (N4 / 16)) * 64;
  let column4 = (group.x % (N4 / 16)) * 16;
  let tx = lane % 16;
  let ty = lane / 16;
  // the pixel whose neighbours this lane reads, always the same
  let pixel = row + lane / 4;
  let h = (pixel / WIDTH) % HEIGHT;
  let w = pixel % WIDTH;
#for i in 4
  var sum_${i} = vec4f();
#end
  for (var k4 = 0u; k4 < K4; k4 += 4) {
    let at = k4 + lane % 4;
    let tap = at / CIN4;
    let up = tap / 3 - 1; // modulo 2^32: positions above and below the image both compare as too large
    let left = tap % 3 - 1;
    let inside = h + up < HEIGHT && w + left < WIDTH;
    let neighbour = select(0u, pixel + up * WIDTH + left, inside);
    tile_a[lane] = select(vec4f(), x[neighbour * CIN4 + at % CIN4], inside);
    tile_b[lane] = weights[(4 * k4 + lane / 16) * N4 + column4 + lane % 16];
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
  y[(row + 4 * ty + ${i}) * N4 + column4 + tx] = sum_${i};
#end
}
