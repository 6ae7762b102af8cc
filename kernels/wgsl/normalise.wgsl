// y[i, j] = gamma[j] (x[i, j] - mean[j]) / sqrt(variance[j] + epsilon) + beta[j], then max(0, y) if relu. Lane i computes value
// i of a piece: 8 bytes move for each, so the kernel is bound by memory.

struct Params {
  length: u32, // values
  columns: u32,
  epsilon: f32,
  relu: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [length]
@group(0) @binding(1) var<storage, read> moments: array<f32>; // [2, columns]
@group(0) @binding(2) var<storage, read> gamma: array<f32>; // [columns]
@group(0) @binding(3) var<storage, read> beta: array<f32>; // [columns]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let j = i % params.columns;
  let deviation = sqrt(moments[params.columns + j] + params.epsilon);
  let value = gamma[j] * ((x[i] - moments[j]) / deviation) + beta[j];
  y[i] = select(value, rectified_one(value), params.relu != 0);
}
