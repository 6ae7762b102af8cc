// c = op(a) op(b), then + bias for each row, then max(0, c) if relu, then zero where mask <= 0.
//
// This file says where the matrices lie; gemm_tile.wgsl or gemm_lane.wgsl, appended to it, multiplies. Both ask for 4x4
// blocks, whose four values along the contiguous dimension are one vec4 load; a matrix that is stored as its transpose is
// read the same way and turned over in registers. Sizes that 4 does not divide take the scalar loads, with zeros past the edge.
//
// A product with few outputs and a long k is split along k: `split` then says which part, and the parts [splits, m, n] are
// summed by reduce_parts.wgsl, which also applies the rest.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  rows4: u32, // m / 4, rounded up
  cols4: u32, // n / 4, rounded up
  k4: u32, // k / 4, rounded up
  split_k4: u32, // of which each part takes so many
  has_bias: u32,
  has_mask: u32,
  relu: u32,
}

#if VEC_A
@group(0) @binding(0) var<storage, read> a: array<vec4f>; // [m, k], or [k, m] if TRANSPOSE_A
#else
@group(0) @binding(0) var<storage, read> a: array<f32>;
#end
#if VEC_B
@group(0) @binding(1) var<storage, read> b: array<vec4f>; // [k, n], or [n, k] if TRANSPOSE_B
#else
@group(0) @binding(1) var<storage, read> b: array<f32>;
#end
@group(0) @binding(2) var<storage, read> bias: array<f32>; // [n]
@group(0) @binding(3) var<storage, read> mask: array<f32>; // [m, n]
#if VEC_C
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>; // [splits, m, n]
#else
@group(0) @binding(4) var<storage, read_write> c: array<f32>;
#end
@group(1) @binding(0) var<uniform> params: Params;

// Along k the place is just the number of the group of four.
fn place(k4: u32) -> u32 {
  return k4;
}

fn next(k4: u32) -> u32 {
  return k4 + 1;
}

fn rows_of(row4: u32) -> u32 {
  return row4;
}

// Column i of the result: the four k of row 4 row4 + i.
fn load_a(row4: u32, k4: u32) -> mat4x4f {
#if VEC_A
#if TRANSPOSE_A
  let width = params.m / 4;
  return transpose(mat4x4f(
#for j in 4
    select(vec4f(), a[min(4 * k4 + ${j}, params.k - 1) * width + row4], 4 * k4 + ${j} < params.k),
#end
  ));
#else
  return mat4x4f(
#for i in 4
    a[min(4 * row4 + ${i}, params.m - 1) * params.k4 + k4],
#end
  );
#end
#else
  return mat4x4f(
#for i in 4
    vec4f(
#for j in 4
      a_at(4 * row4 + ${i}, 4 * k4 + ${j}),
#end
    ),
#end
  );
#end
}

// Column j of the result: the four columns 4 col4 ... at k = 4 k4 + j.
fn load_b(k4: u32, col4: u32) -> mat4x4f {
#if VEC_B
#if TRANSPOSE_B
  return transpose(mat4x4f(
#for i in 4
    b[min(4 * col4 + ${i}, params.n - 1) * params.k4 + k4],
#end
  ));
#else
  return mat4x4f(
#for j in 4
    select(vec4f(), b[min(4 * k4 + ${j}, params.k - 1) * params.cols4 + col4], 4 * k4 + ${j} < params.k),
#end
  );
#end
#else
  return mat4x4f(
#for j in 4
    vec4f(
#for i in 4
      b_at(4 * k4 + ${j}, 4 * col4 + ${i}),
#end
    ),
#end
  );
#end
}

#if !VEC_A
fn a_at(row: u32, k: u32) -> f32 {
  if (row >= params.m || k >= params.k) {
    return 0;
  }
#if TRANSPOSE_A
  return a[k * params.m + row];
#else
  return a[row * params.k + k];
#end
}
#end

#if !VEC_B
fn b_at(k: u32, column: u32) -> f32 {
  if (column >= params.n || k >= params.k) {
    return 0;
  }
#if TRANSPOSE_B
  return b[column * params.k + k];
#else
  return b[k * params.n + column];
#end
}
#end

fn finish(value: f32, row: u32, column: u32) -> f32 {
  var result = value;
  if (params.has_bias != 0) {
    result += bias[column];
  }
  if (params.relu != 0) {
    result = max(result, 0);
  }
  if (params.has_mask != 0 && !(mask[row * params.n + column] > 0)) {
    result = 0;
  }
  return result;
}

fn store(split: u32, row4: u32, col4: u32, block: mat4x4f) {
#for i in 4
  if (4 * row4 + ${i} < params.m) {
    let row = 4 * row4 + ${i};
#if VEC_C
    c[(split * params.m + row) * params.cols4 + col4] = vec4f(
#for j in 4
      finish(block[${i}][${j}], row, 4 * col4 + ${j}),
#end
    );
#else
#for j in 4
    if (4 * col4 + ${j} < params.n) {
      c[(split * params.m + row) * params.n + 4 * col4 + ${j}] = finish(block[${i}][${j}], row, 4 * col4 + ${j});
    }
#end
#end
  }
#end
}
