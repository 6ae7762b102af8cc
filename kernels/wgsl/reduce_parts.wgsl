// y[i] = the sum over the parts of parts[part, i], in the order of the parts, then + bias[i % columns], then max(0, y) if relu,
// then zero where mask <= 0. The end of every product split along k; lane i computes value i.

struct Params {
  length: u32,
  splits: u32,
  columns: u32,
  relu: u32,
}

@group(0) @binding(0) var<storage, read> parts: array<f32>; // [splits, length]
#if BIAS
@group(0) @binding(1) var<storage, read> bias: array<f32>; // [columns]
#end
#if MASK
@group(0) @binding(2) var<storage, read> mask: array<f32>; // [length]
#end
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  var sum = 0.0;
  for (var part = 0u; part < params.splits; part++) {
    sum += parts[part * params.length + i];
  }
#if BIAS
  sum += bias[i % params.columns];
#end
  if (params.relu != 0) {
    sum = rectified_one(sum);
  }
#if MASK
  if (!(mask[i] > 0)) {
    sum = 0;
  }
#end
  y[i] = sum;
}
