enable f16;
// y[row, j] = x[row, j] scale, rounded to 16 bits, for the columns that both have, 0 for those that only y has (as in
// pad_columns.wgsl); scales[place] = 1 / scale. This prepares the operands of a product that reads 16-bit floats.
//
// 5 of the 16 bits are the exponent: values below 6e-8, such as gradients, become zero, and values above 65,504 infinite. So a
// matrix is multiplied by the power of two that brings its largest magnitude into [16, 32). This step is exact, and the product
// undoes it in its sums. Values down to 4e-6 of the largest keep all 11 bits.

struct Params {
  length4: u32, // groups of four values of y
  x_columns: u32,
  columns4: u32, // groups of four columns of y
  place: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, x_columns]
@group(0) @binding(1) var<storage, read> largest: array<u32>; // [1]: bits of x's largest magnitude
@group(0) @binding(2) var<storage, read_write> y: array<vec4h>; // [rows, columns]
@group(0) @binding(3) var<storage, read_write> scales: array<f32>; // [2]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  // x is at least 2^(exponent - 127), and 2^(131 - exponent) times that is 16
  let exponent = clamp(largest[0] >> 23, 8u, 254u);
  let scale = bitcast<f32>((258 - exponent) << 23);
  if (i == 0) {
    scales[params.place] = bitcast<f32>((exponent - 4) << 23);
  }
  if (i >= params.length4) {
    return;
  }
  let row = i / params.columns4;
  let column = 4 * (i - row * params.columns4);
  var values = vec4f();
#for j in 4
  if (column + ${j} < params.x_columns) {
    values[${j}] = x[row * params.x_columns + column + ${j}] * scale;
  }
#end
  y[i] = vec4h(values);
}
