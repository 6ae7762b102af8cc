// y[i] = a[i] + b[i]. If y is a (or b), there is one buffer less: y is read and written in place.
// Lane i adds values 4 i to 4 i + 3.

struct Params {
  length: u32,
}

#if !A_IS_Y
@group(0) @binding(0) var<storage, read> a: array<vec4f>; // [length]
#end
#if !B_IS_Y
@group(0) @binding(1) var<storage, read> b: array<vec4f>; // [length]
#end
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let values = ${A}[i] + ${B}[i];
  if (4 * i + 3 < params.length) {
    y[i] = values;
  } else { // what is beyond the length stays
    y[i] = select(y[i], values, 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length));
  }
}
