// The gradient of a 3x3 convolution's weights, in parts:
//
//   dWeights[tap, ci, co] = sum over pixels p of x[p + shift(tap), ci] dy[p, co]
//
// This is a product again: [9 channels in, pixels] by [pixels, channels out]. There are few outputs and many pixels
// (36,864 and 262,144 for the second layer of VGG-E, batch 128), so the pixels are split into parts, each with a separate
// sum in parts[split]; reduce_parts.wgsl adds them in order. There are no atomics: the same input gives the same bits.
//
// This file says where the matrices lie; gemm_tile.wgsl or gemm_lane.wgsl, appended to it, multiplies, asking for 4x4
// blocks. Rows are groups of four channels in, each tap's own. Channels are padded with zeros to a multiple of 4
// (pad_columns.wgsl), but the channels in of the result are not (RAGGED: 4 does not divide them); and one channel in is read as it
// is (ONE): a line of memory then holds 32 pixels, not 8.

${ENABLE}

struct Params {
  height: u32,
  width: u32,
  pixels: u32, // batch x height x width
  cin: u32,
  cout: u32,
  cin4: u32, // cin / 4, rounded up
  rows4: u32, // 9 cin4
  cols4: u32, // cout / 4, rounded up
  k4: u32, // pixels / 4, rounded up
  split_k4: u32, // of which each part takes this many
}

#if ONE
@group(0) @binding(0) var<storage, read> x: array<f32>; // [batch, height, width]: one channel, not padded
#else
@group(0) @binding(0) var<storage, read> x: array<vec4${S}>; // [batch, height, width, cin]
#end
@group(0) @binding(1) var<storage, read> dy: array<vec4${S}>; // [batch, height, width, cout]
@group(0) @binding(2) var<storage, read_write> parts: array<vec4f>; // [splits, 3, 3, cin, cout]
#if HALF
@group(0) @binding(5) var<storage, read> scales: array<f32>; // [2]: factors that undo the scaling of the operands (pack_half.wgsl)
#end
@group(1) @binding(0) var<uniform> params: Params;

// A step along k, in pixels; and the same in rows, modulo whole images, and pixels of a row.
struct Stride {
  k4: u32,
  pixels: u32,
  h: u32,
  w: u32,
}

fn stride_of(by: u32) -> Stride {
  let rows = 4 * by / params.width;
  return Stride(by, 4 * by, rows % params.height, 4 * by - rows * params.width);
}

#if EVEN
// A position along k: four pixels of one row, and the coordinates of the first; the width is a multiple of 4.
struct Place {
  pixel: u32,
  h: u32,
  w: u32,
}

fn place(k4: u32) -> Place {
  let row = 4 * k4 / params.width;
  return Place(4 * k4, row % params.height, 4 * k4 - row * params.width);
}

fn next(at: Place) -> Place {
  let row_ends = at.w + 4 == params.width;
  let h = select(at.h, select(at.h + 1, 0u, at.h + 1 == params.height), row_ends);
  return Place(at.pixel + 4, h, select(at.w + 4, 0u, row_ends));
}

fn ahead(at: Place, by: Stride) -> Place {
  let w = at.w + by.w;
  let row_ends = w >= params.width;
  let h = at.h + by.h + select(0u, 1u, row_ends);
  return Place(
    at.pixel + by.pixels,
    h - select(0u, params.height, h >= params.height),
    w - select(0u, params.width, row_ends),
  );
}
#else
// A position along k: four consecutive pixels, and the coordinates of each.
struct Place {
  pixel: u32,
  h: vec4u,
  w: vec4u,
}

// The coordinates of the pixel after (h, w). Without branches: every lane computes four of these for each position.
fn after(at: vec2u) -> vec2u {
  let row_ends = at.y + 1 == params.width;
  let below = select(at.x + 1, 0u, at.x + 1 == params.height);
  return vec2u(select(at.x, below, row_ends), select(at.y + 1, 0u, row_ends));
}

fn four_from(pixel: u32, first: vec2u) -> Place {
  let second = after(first);
  let third = after(second);
  let fourth = after(third);
  return Place(pixel, vec4u(first.x, second.x, third.x, fourth.x), vec4u(first.y, second.y, third.y, fourth.y));
}

fn place(k4: u32) -> Place {
  let row = 4 * k4 / params.width;
  return four_from(4 * k4, vec2u(row % params.height, 4 * k4 - row * params.width));
}

fn next(at: Place) -> Place {
  return four_from(at.pixel + 4, after(vec2u(at.h.w, at.w.w)));
}

fn ahead(at: Place, by: Stride) -> Place {
  let w = at.w + by.w;
  let row_ends = w >= vec4u(params.width);
  let h = at.h + by.h + select(vec4u(0), vec4u(1), row_ends);
  return Place(
    at.pixel + by.pixels,
    h - select(vec4u(0), vec4u(params.height), h >= vec4u(params.height)),
    w - select(vec4u(0), vec4u(params.width), row_ends),
  );
}
#end

// Four rows of the product: four input channels of one tap, and the tap's shift (up, left) from a pixel: ky - 1 and kx
// - 1, modulo 2^32.
struct Rows {
  up: u32,
  left: u32,
  offset: u32, // offset of these channels in the shifted pixel, in groups of four values
}

fn rows_of(row4: u32) -> Rows {
  let tap = row4 / params.cin4;
  let up = tap / 3 - 1;
  let left = tap % 3 - 1;
  return Rows(up, left, (up * params.width + left) * params.cin4 + row4 - tap * params.cin4);
}

// Four channels of a pixel.
fn pixel_at(index: u32) -> vec4${S} {
#if ONE
  return vec4${S}(x[index], 0, 0, 0);
#else
  return x[index];
#end
}

// Column j of the result: the four channels at pixel j, as the tap sees it; zero outside the image, wherever that is read.
fn load_a(rows: Rows, at: Place) -> mat4x4${S} {
  // h - 1 with h = 0 is a huge number, so one comparison covers both edges
#if EVEN
  let across = vec4u(0, 1, 2, 3) + (at.w + rows.left) < vec4u(params.width);
  var inside = select(vec4<bool>(), across, at.h + rows.up < params.height);
#else
  let across = at.w + rows.left < vec4u(params.width);
  var inside = select(vec4<bool>(), across, at.h + rows.up < vec4u(params.height));
#end
#if !FIT
  inside = select(vec4<bool>(), inside, at.pixel + vec4u(0, 1, 2, 3) < vec4u(params.pixels));
#end
  let index = at.pixel * params.cin4 + rows.offset;
  return mat4x4${S}(
#for j in 4
    select(vec4${S}(), pixel_at(index + ${j} * params.cin4), inside[${j}]),
#end
  );
}

// Column j of the result: four output channels at pixel j.
fn load_b(at: Place, col4: u32) -> mat4x4${S} {
  let index = at.pixel * params.cols4 + col4;
  return mat4x4${S}(
#for j in 4
#if FIT
    dy[index + ${j} * params.cols4],
#else
    select(vec4${S}(), dy[index + ${j} * params.cols4], at.pixel + ${j} < params.pixels),
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

fn store(split: u32, row4: u32, col4: u32, block: mat4x4f) {
  let tap = row4 / params.cin4;
  let channel = 4 * (row4 - tap * params.cin4);
  let row = (split * 9 + tap) * params.cin + channel;
#for i in 4
#if RAGGED
  if (channel + ${i} < params.cin)
#end
  {
    parts[(row + ${i}) * params.cols4 + col4] = unscaled(block[${i}]);
  }
#end
}
