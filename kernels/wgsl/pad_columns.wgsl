// y[row, j] = x[row, j] for the columns that both have, 0 for those that only y has. The products read and write four columns
// at once: a matrix whose number of columns is not a multiple of 4 (one channel in, seven classes out) is copied to a wider
// one.

struct Params {
  length: u32, // values of y
  x_columns: u32,
  columns: u32, // columns of y
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, x_columns]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [rows, columns]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let row = i / params.columns;
  let j = i - row * params.columns;
  var value = 0.0;
  if (j < params.x_columns) {
    value = x[row * params.x_columns + j];
  }
  y[i] = value;
}
