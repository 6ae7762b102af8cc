// y[i] = max(0, x[i]), and NaN stays NaN (not_hidden.wgsl). If y is x, the one buffer is read and written in place.

struct Params {
  length: u32,
}

#if !IN_PLACE
@group(0) @binding(0) var<storage, read> x: array<f32>; // [length]
#end
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i < params.length) {
    y[i] = rectified_one(${X}[i]);
  }
}
