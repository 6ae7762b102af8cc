// c = op(a) op(b), then + bias for each row, then max(0, c) if relu, then zero where mask <= 0.
//
// This file defines how to load the matrices. gemm_tile.wgsl or gemm_lane.wgsl is appended and multiplies them. Both
// request 4x4 blocks, whose four values along the contiguous dimension are one vec4 load. A matrix stored as its transpose
// is read in the same way and transposed in registers. Rows are padded with zeros to a multiple of 4 values
// (pad_columns.wgsl).
//
// A product with few outputs and a long k is split along k: `split` is then the part's number, and reduce_parts.wgsl sums
// the parts [splits, m, n] and applies the final operations.

${ENABLE}

struct Params {
  m: u32,
  n: u32,
  k: u32,
  rows4: u32, // m / 4, rounded up
  cols4: u32, // n / 4, rounded up
  k4: u32, // k / 4, rounded up
  split_k4: u32, // of which each part takes this many
  relu: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4${S}>; // [m, k], or [k, m] if TRANSPOSE_A
@group(0) @binding(1) var<storage, read> b: array<vec4${S}>; // [k, n], or [n, k] if TRANSPOSE_B
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [n]
#end
#if MASK
@group(0) @binding(3) var<storage, read> mask: array<vec4f>; // [m, n]
#end
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>; // [splits, m, n]
#if HALF
@group(0) @binding(5) var<storage, read> scales: array<f32>; // [2]: factors that undo the scaling of the operands (pack_half.wgsl)
#end
@group(1) @binding(0) var<uniform> params: Params;

// A position along k is just the index of the group of four.
alias Place = u32;

fn stride_of(by: u32) -> u32 {
  return by;
}

fn ahead(k4: u32, by: u32) -> u32 {
  return k4 + by;
}

fn place(k4: u32) -> u32 {
  return k4;
}

fn next(k4: u32) -> u32 {
  return k4 + 1;
}

// The start of the first of four rows of A; if A is transposed, of its four columns. Rows beyond the last are never stored, so the
// values read for them (WGSL returns some value for any index) do not matter.
alias Rows = u32;

fn rows_of(row4: u32) -> u32 {
#if TRANSPOSE_A
  return row4;
#else
  return 4 * row4 * params.k4;
#end
}

// Column j of the result: the four rows at k = 4 k4 + j.
#if TRANSPOSE_A
fn load_a(row4: u32, k4: u32) -> mat4x4${S} {
  return mat4x4${S}(
#for j in 4
#if FIT
    a[(4 * k4 + ${j}) * params.rows4 + row4],
#else
    select(vec4${S}(), a[min(4 * k4 + ${j}, params.k - 1) * params.rows4 + row4], 4 * k4 + ${j} < params.k),
#end
#end
  );
}
#else
fn load_a(start: u32, k4: u32) -> mat4x4${S} {
  return transpose(mat4x4${S}(
#for i in 4
    a[start + k4 + ${i} * params.k4],
#end
  ));
}
#end

// Column j of the result: the four columns 4 col4 ... at k = 4 k4 + j.
fn load_b(k4: u32, col4: u32) -> mat4x4${S} {
#if TRANSPOSE_B
  return transpose(mat4x4${S}(
#for i in 4
    b[4 * col4 * params.k4 + k4 + ${i} * params.k4],
#end
  ));
#else
  return mat4x4${S}(
#for j in 4
#if FIT
    b[(4 * k4 + ${j}) * params.cols4 + col4],
#else
    select(vec4${S}(), b[min(4 * k4 + ${j}, params.k - 1) * params.cols4 + col4], 4 * k4 + ${j} < params.k),
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

// Stores a block of the result: 4 rows by 4 columns; the last rows may be beyond the edge.
fn store(split: u32, row4: u32, col4: u32, block: mat4x4f) {
#if BIAS
  let add = bias[col4];
#else
  let add = vec4f();
#end
#for i in 4
#if !FIT
  if (4 * row4 + ${i} < params.m)
#end
  {
    let row = 4 * row4 + ${i};
    var values = unscaled(block[${i}]) + add;
    if (params.relu != 0) {
      values = rectified(values);
    }
#if MASK
    values = select(vec4f(), values, mask[row * params.cols4 + col4] > vec4f());
#end
    c[(split * params.m + row) * params.cols4 + col4] = values;
  }
#end
}
