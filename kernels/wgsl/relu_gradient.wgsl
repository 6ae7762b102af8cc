// dx[i] = dy[i] if mask[i] > 0, else 0. If dx is dy, the one buffer is read and written in place.
// Lane i computes values 4 i to 4 i + 3.

struct Params {
  length: u32,
}

#if !IN_PLACE
@group(0) @binding(0) var<storage, read> dy: array<vec4f>; // [length]
#end
@group(0) @binding(1) var<storage, read> mask: array<vec4f>; // [length]
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let values = select(vec4f(), ${DY}[i], mask[i] > vec4f());
  if (4 * i + 3 < params.length) {
    dx[i] = values;
  } else { // what is beyond the length stays
    dx[i] = select(dx[i], values, 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length));
  }
}
