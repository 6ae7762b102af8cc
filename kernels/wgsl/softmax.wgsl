// probabilities = exp(logits - max) / sum exp(logits - max), row by row. Lane r computes row r: rows are few and short.

struct Params {
  rows: u32,
  classes: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>; // [rows, classes]
@group(0) @binding(1) var<storage, read_write> probabilities: array<f32>; // [rows, classes]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = (group.y * groups.x + group.x) * 64 + lane;
  if (row >= params.rows) {
    return;
  }
  let first = row * params.classes;
  let end = first + params.classes;
  var largest = logits[first];
  for (var i = first + 1; i < end; i++) {
    largest = max(largest, logits[i]);
  }
  var sum = 0.0;
  for (var i = first; i < end; i++) {
    sum += exp(logits[i] - largest);
  }
  for (var i = first; i < end; i++) {
    probabilities[i] = exp(logits[i] - largest) / sum;
  }
}
