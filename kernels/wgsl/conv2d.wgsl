// y = conv3x3(x, weights) + bias, then max(0, y) if relu: stride 1, zero padding 1. The gradient of its input is the same convolution of
// dy with the weights flipped in space and transposed in channels (turn_weights.wgsl).
//
// Implicit GEMM: y is a matrix [pixels, channels out], the product of two matrices. The rows of the first, [pixels, 9 channels in], are
// the pixels' neighbourhoods; it is never stored. The second is the weights in their layout, [9 channels in, channels out]:
//
//   y[p, co] = sum over tap, ci of x[p + shift(tap), ci] weights[tap, ci, co]
//
// Pixels are numbered through all images, so a neighbour lies at a fixed distance `shift(tap)`; whether it lies in the same
// image is kept as nine bits for each pixel, computed once. This file says where the matrices lie; one of gemm_tile.wgsl,
// gemm_lane.wgsl and gemm_subgroup.wgsl, appended to it, multiplies, asking for 4x4 blocks by k: column j of each is at k = 4 k4 + j. Channels are padded with zeros to a multiple of 4
// (pad_columns.wgsl); but one channel in is read as it is (ONE): a line of memory then holds 32 pixels, not 8.

${ENABLE}

struct Params {
  height: u32,
  width: u32,
  pixels: u32, // batch x height x width
  cin: u32, // channels of the input
  cout: u32, // channels of the result
  cin4: u32, // cin / 4, rounded up
  rows4: u32, // pixels / 4, rounded up
  cols4: u32, // cout / 4, rounded up
  k4: u32, // 9 cin4
  split_k4: u32, // of which each part takes this many
  relu: u32,
}

#if ONE
@group(0) @binding(0) var<storage, read> x: array<f32>; // [batch, height, width]: one channel, not padded
#else
@group(0) @binding(0) var<storage, read> x: array<vec4${S}>; // [batch, height, width, cin]
#end
@group(0) @binding(1) var<storage, read> weights: array<vec4${S}>; // [3, 3, cin, cout]
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [cout]
#end
#if MASK
@group(0) @binding(3) var<storage, read> mask: array<vec4f>; // [batch, height, width, cout]
#end
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>; // [splits, batch, height, width, cout]
#if HALF
@group(0) @binding(5) var<storage, read> scales: array<f32>; // [2]: factors that undo the scaling of the operands (pack_half.wgsl)
#end
@group(1) @binding(0) var<uniform> params: Params;

// A position along k: four channels of one tap.
struct Place {
  k4: u32,
  tap: u32, // 3 ky + kx
  channel4: u32,
  offset: u32, // offset of the neighbour's channels, in groups of four values: (ky - 1) width + (kx - 1) pixels, modulo 2^32
}

fn at_tap(tap: u32, channel4: u32) -> Place {
  let ky = tap / 3;
  let shift = (ky - 1) * params.width + (tap - 3 * ky) - 1;
  return Place(tap * params.cin4 + channel4, tap, channel4, shift * params.cin4 + channel4);
}

fn place(k4: u32) -> Place {
  let tap = k4 / params.cin4;
  return at_tap(tap, k4 - tap * params.cin4);
}

// The position `by` further on, at most one tap's channels. The next tap is one pixel to the right, or at the end of a row of
// taps one row down and two pixels to the left.
fn further(at: Place, by: u32) -> Place {
  let channel4 = at.channel4 + by;
  let ends = channel4 >= params.cin4;
  let tap = at.tap + select(0u, 1u, ends);
  let row_ends = ends && (tap == 3 || tap == 6);
  let jump = select(0u, (params.width - 3) * params.cin4, row_ends);
  return Place(at.k4 + by, tap, channel4 - select(0u, params.cin4, ends), at.offset + by + jump);
}

fn next(at: Place) -> Place {
  return further(at, 1);
}

fn stride_of(by: u32) -> u32 {
  return by;
}

fn ahead(at: Place, by: u32) -> Place {
#if FIT
  return further(at, by); // `by` divides the summed length 9 cin4 and, since it is a power of two, also cin4
#else
  return place(at.k4 + by);
#end
}

// Four pixels: the start of the first one's channels, in groups of four, and for each pixel nine bits for the taps that fall inside
// the image, two pixels per word. Pixels beyond the last are never stored, so their bits do not matter.
struct Rows {
  start: u32,
  inside: vec2u,
}

fn rows_of(row4: u32) -> Rows {
  let pixel = 4 * row4 + vec4u(0, 1, 2, 3);
  let row = pixel / params.width;
  let w = pixel - row * params.width;
  let h = row % params.height;
  // one bit for each tap of a row of taps, then three such rows
  let left = select(vec4u(1), vec4u(0), w == vec4u(0));
  let right = select(vec4u(4), vec4u(0), w == vec4u(params.width - 1));
  let across = left | vec4u(2) | right;
  let above = select(across, vec4u(0), h == vec4u(0));
  let below = select(across << vec4u(6), vec4u(0), h == vec4u(params.height - 1));
  let inside = above | (across << vec4u(3)) | below;
  return Rows(4 * row4 * params.cin4, inside.xz | (inside.yw << vec2u(9)));
}

// Four channels of a pixel.
fn pixel_at(index: u32) -> vec4${S} {
#if ONE
  return vec4${S}(x[index], 0, 0, 0);
#else
  return x[index];
#end
}

// Column j of the result: channel 4 channel4 + j of the neighbours of four pixels. A neighbour outside the image is read wherever
// it would lie (WGSL gives something for any index) and counts as zero.
fn load_a(rows: Rows, at: Place) -> mat4x4${S} {
  let taps = rows.inside >> vec2u(at.tap);
  let inside = (vec4u(taps.x, taps.x, taps.y, taps.y) & vec4u(1, 512, 1, 512)) != vec4u(0);
  let index = rows.start + at.offset;
  return transpose(mat4x4${S}(
#for i in 4
    select(vec4${S}(), pixel_at(index + ${i} * params.cin4), inside[${i}]),
#end
  ));
}

// Column j of the result: the weights from channel in 4 channel4 + j to the four channels out 4 col4 ...
fn load_b(at: Place, col4: u32) -> mat4x4${S} {
#if FIT
  let index = 4 * at.k4 * params.cols4 + col4;
#end
  return mat4x4${S}(
#for j in 4
#if FIT
    weights[index + ${j} * params.cols4],
#else
    weights[(at.tap * params.cin + min(4 * at.channel4 + ${j}, params.cin - 1)) * params.cols4 + col4],
#end
#end
  );
}

fn unscaled(sums: vec4f) -> vec4f {
#if HALF
  return sums * scales[0] * scales[1];
#else
  return sums;
#end
}

// Stores a block of the result: 4 pixels by 4 channels; the last pixels may be beyond the edge.
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
