// y[i] = x[i]. It is a kernel because copyBufferToBuffer() would end the compute pass. It copies words, so it also
// works for integers.

struct Params {
  length: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>; // [length]
@group(0) @binding(1) var<storage, read_write> y: array<u32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i < params.length) {
    y[i] = x[i];
  }
}
