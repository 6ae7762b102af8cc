// The gradient of a 3x3 convolution to its weights, in parts:
//
//   dWeights[tap, ci, co] = sum over pixels p of x[p + shift(tap), ci] dy[p, co]
//
// A product again: [9 channels in, pixels] by [pixels, channels out]. The outputs are few and the pixels many (36,864 and
// 262,144 for the second layer of VGG-E, batch 128), so the pixels are split into parts, each with its own sum in
// parts[split]; reduce_parts.wgsl adds them in order. No atomics: the same input gives the same bits.
//
// This file says where the matrices lie; gemm_tile.wgsl or gemm_lane.wgsl, appended to it, multiplies, asking for 4x4
// blocks. Rows are groups of four channels in, each tap's own. Channels are padded with zeros to a multiple of 4
// (pad_columns.wgsl), but the channels in of the result are not.

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
  split_k4: u32, // of which each part takes so many
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [batch, height, width, cin]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>; // [batch, height, width, cout]
@group(0) @binding(2) var<storage, read_write> parts: array<vec4f>; // [splits, 3, 3, cin, cout]
@group(1) @binding(0) var<uniform> params: Params;

// A place along k: four pixels, and the coordinates of the first.
struct Place {
  pixel: u32,
  h: u32,
  w: u32,
}

fn place(k4: u32) -> Place {
  let pixel = 4 * k4;
  let row = pixel / params.width;
  return Place(pixel, row % params.height, pixel - row * params.width);
}

fn next_pixel(at: Place) -> Place {
  if (at.w + 1 < params.width) {
    return Place(at.pixel + 1, at.h, at.w + 1);
  }
  return Place(at.pixel + 1, select(0u, at.h + 1, at.h + 1 < params.height), 0);
}

fn next(at: Place) -> Place {
  if (at.w + 4 < params.width) {
    return Place(at.pixel + 4, at.h, at.w + 4);
  }
  return next_pixel(next_pixel(next_pixel(next_pixel(at))));
}

// Four rows of the product: four channels in of one tap, which looks (up, left) from a pixel: ky - 1 and kx - 1, modulo 2^32.
struct Rows {
  up: u32,
  left: u32,
  channel4: u32,
}

fn rows_of(row4: u32) -> Rows {
  let tap = row4 / params.cin4;
  return Rows(tap / 3 - 1, tap % 3 - 1, row4 - tap * params.cin4);
}

// The four channels seen from a pixel by the tap; zero outside the image.
fn neighbour(rows: Rows, at: Place) -> vec4f {
  // h - 1 of h = 0 is a huge number, so that one comparison serves both edges
  let inside = at.pixel < params.pixels && at.h + rows.up < params.height && at.w + rows.left < params.width;
  let source = select(0u, at.pixel + rows.up * params.width + rows.left, inside);
  return select(vec4f(), x[source * params.cin4 + rows.channel4], inside);
}

// Column i of the result: channel 4 channel4 + i at four pixels.
fn load_a(rows: Rows, at: Place) -> mat4x4f {
  let second = next_pixel(at);
  let third = next_pixel(second);
  return transpose(mat4x4f(
    neighbour(rows, at),
    neighbour(rows, second),
    neighbour(rows, third),
    neighbour(rows, next_pixel(third)),
  ));
}

// Column j of the result: four channels out at pixel j.
fn load_b(at: Place, col4: u32) -> mat4x4f {
  return mat4x4f(
#for j in 4
    dy_at(at.pixel + ${j}, col4),
#end
  );
}

fn dy_at(pixel: u32, col4: u32) -> vec4f {
  let inside = pixel < params.pixels;
  return select(vec4f(), dy[select(0u, pixel, inside) * params.cols4 + col4], inside);
}

fn store(split: u32, row4: u32, col4: u32, block: mat4x4f) {
  let tap = row4 / params.cin4;
  let channel = 4 * (row4 - tap * params.cin4);
  let row = (split * 9 + tap) * params.cin + channel;
#for i in 4
  if (channel + ${i} < params.cin) {
    parts[(row + ${i}) * params.cols4 + col4] = block[${i}];
  }
#end
}
