// dx = gamma i (dy - dBeta / n - (x - mean) i dGamma / n), column by column, with i = 1 / sqrt(variance + epsilon) and n the
// number of counted rows; zero in the rows after them. Lane i computes value i: 12 bytes move for each.

struct Params {
  length: u32, // values
  counted: u32, // values of the counted rows
  columns: u32,
  rows: f32, // number of counted rows
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [length]
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [length]
@group(0) @binding(2) var<storage, read> moments: array<f32>; // [2, columns]
@group(0) @binding(3) var<storage, read> gamma: array<f32>; // [columns]
@group(0) @binding(4) var<storage, read> d_gamma: array<f32>; // [columns]
@group(0) @binding(5) var<storage, read> d_beta: array<f32>; // [columns]
@group(0) @binding(6) var<storage, read_write> dx: array<f32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  var value = 0.0;
  if (i < params.counted) {
    let j = i % params.columns;
    let inverse = 1 / sqrt(moments[params.columns + j] + params.epsilon);
    let standard = (x[i] - moments[j]) * inverse;
    value = gamma[j] * inverse * (dy[i] - d_beta[j] / params.rows - standard * (d_gamma[j] / params.rows));
  }
  dx[i] = value;
}
