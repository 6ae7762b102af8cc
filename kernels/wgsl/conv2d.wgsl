// y = conv3x3(x, weights) + bias, then max(0, y) if relu: stride 1, zero padding 1. And, with BACKWARD, the gradient of
// that to its input, which is the same convolution of dy by the weights turned over in space and transposed in channels.
//
// Implicit GEMM: y is a matrix [pixels, channels out], the product of the matrix [pixels, 9 channels in] whose rows are each
// pixel's neighbourhood, which is never written down, and the weights as they lie, [9 channels in, channels out]:
//
//   y[p, co] = sum over tap, ci of x[p + shift(tap), ci] weights[tap, ci, co]
//
// Pixels are numbered through all images, so a neighbour lies at a fixed distance `shift(tap)`; whether it lies in the same
// image is kept as nine bits for each pixel, computed once. This file says where the matrices lie; gemm_tile.wgsl or
// gemm_lane.wgsl, appended to it, multiplies, asking for 4x4 blocks. Channels are padded with zeros to a multiple of 4
// (pad_columns.wgsl).

${ENABLE}

struct Params {
  height: u32,
  width: u32,
  pixels: u32, // batch x height x width
  cin: u32, // channels of what is convolved
  cout: u32, // channels of the result
  cin4: u32, // cin / 4, rounded up
  rows4: u32, // pixels / 4, rounded up
  cols4: u32, // cout / 4, rounded up
  k4: u32, // 9 cin4
  split_k4: u32, // of which each part takes so many
  relu: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4${S}>; // [batch, height, width, cin]
@group(0) @binding(1) var<storage, read> weights: array<vec4${S}>; // [3, 3, cin, cout], or [3, 3, cout, cin] if BACKWARD
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [cout]
#end
#if MASK
@group(0) @binding(3) var<storage, read> mask: array<vec4f>; // [batch, height, width, cout]
#end
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>; // [splits, batch, height, width, cout]
#if HALF
@group(0) @binding(5) var<storage, read> scales: array<f32>; // [2]: what undoes the scaling of the operands (pack_half.wgsl)
#end
@group(1) @binding(0) var<uniform> params: Params;

// A place along k: four channels of one tap.
struct Place {
  tap: u32, // 3 ky + kx
  channel4: u32,
  shift: u32, // distance of the neighbour, in pixels: (ky - 1) width + (kx - 1), modulo 2^32
}

fn at_tap(tap: u32, channel4: u32) -> Place {
  let ky = tap / 3;
  return Place(tap, channel4, (ky - 1) * params.width + (tap - 3 * ky) - 1);
}

fn place(k4: u32) -> Place {
  let tap = k4 / params.cin4;
  return at_tap(tap, k4 - tap * params.cin4);
}

fn next(at: Place) -> Place {
  if (at.channel4 + 1 < params.cin4) {
    return Place(at.tap, at.channel4 + 1, at.shift);
  }
  return at_tap(at.tap + 1, 0);
}

// Four pixels: their numbers, and nine bits each for the taps that fall inside their image.
struct Rows {
  pixel: vec4u,
  inside: vec4u,
}

fn rows_of(row4: u32) -> Rows {
  let pixel = min(4 * row4 + vec4u(0, 1, 2, 3), vec4u(params.pixels - 1));
  let row = pixel / params.width;
  let w = pixel - row * params.width;
  let h = row % params.height;
  // one bit for each tap of a row of taps, then three such rows
  let left = select(vec4u(1), vec4u(0), w == vec4u(0));
  let right = select(vec4u(4), vec4u(0), w == vec4u(params.width - 1));
  let across = left | vec4u(2) | right;
  let above = select(across, vec4u(0), h == vec4u(0));
  let below = select(across << vec4u(6), vec4u(0), h == vec4u(params.height - 1));
  return Rows(pixel, above | (across << vec4u(3)) | below);
}

// Column i of the result: four channels of the neighbour of pixel i.
fn load_a(rows: Rows, at: Place) -> mat4x4${S} {
  let inside = ((rows.inside >> vec4u(at.tap)) & vec4u(1)) == vec4u(1);
  let source = select(vec4u(0), rows.pixel + at.shift, inside);
  let index = source * params.cin4 + at.channel4;
  return mat4x4${S}(
#for i in 4
    select(vec4${S}(), x[index[${i}]], inside[${i}]),
#end
  );
}

// Column j of the result: the weights from channel in 4 channel4 + j to the four channels out 4 col4 ...
fn load_b(at: Place, col4: u32) -> mat4x4${S} {
#if BACKWARD
  return transpose(mat4x4${S}(
#for i in 4
    weights[((8 - at.tap) * params.cout + min(4 * col4 + ${i}, params.cout - 1)) * params.cin4 + at.channel4],
#end
  ));
#else
  return mat4x4${S}(
#for j in 4
#if FIT
    weights[(at.tap * params.cin + 4 * at.channel4 + ${j}) * params.cols4 + col4],
#else
    weights[(at.tap * params.cin + min(4 * at.channel4 + ${j}, params.cin - 1)) * params.cols4 + col4],
#end
#end
  );
#end
}

fn unscaled(sums: vec4f) -> vec4f {
#if HALF
  return sums * scales[0] * scales[1];
#else
  return sums;
#end
}

// A block of the result: 4 pixels by 4 channels, the last pixels perhaps past the edge.
fn store(split: u32, row4: u32, col4: u32, block: mat4x4f) {
#if BIAS
  let add = bias[col4];
#else
  let add = vec4f();
#end
#for i in 4
#if !FIT
  if (4 * row4 + ${i} < params.pixels)
#end
  {
    let pixel = 4 * row4 + ${i};
    var values = unscaled(block[${i}]) + add;
    if (params.relu != 0) {
      values = rectified(values);
    }
#if MASK
    values = select(vec4f(), values, mask[pixel * params.cols4 + col4] > vec4f());
#end
    y[(split * params.pixels + pixel) * params.cols4 + col4] = values;
  }
#end
}
