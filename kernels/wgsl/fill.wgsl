// x[i] = value. The value is passed as its bits, so that a NaN keeps its bits. Lane i writes values 4 i to 4 i + 3.

struct Params {
  length: u32,
  bits: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4u>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let values = vec4u(params.bits);
  if (4 * i + 3 < params.length) {
    x[i] = values;
  } else { // what is beyond the length stays
    x[i] = select(x[i], values, 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length));
  }
}
