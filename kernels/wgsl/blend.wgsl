// y[i] += share (x[i] - y[i]): a running average. Lane i computes values 4 i to 4 i + 3.

struct Params {
  length: u32,
  share: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [length]
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let values = y[i] + params.share * (x[i] - y[i]);
  if (4 * i + 3 < params.length) {
    y[i] = values;
  } else { // what is beyond the length stays
    y[i] = select(y[i], values, 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length));
  }
}
