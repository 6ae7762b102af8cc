// x[i] = value. The value is passed as its bits, so that a NaN keeps its bits. Lane i writes value i.

struct Params {
  length: u32,
  bits: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<u32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i < params.length) {
    x[i] = params.bits;
  }
}
