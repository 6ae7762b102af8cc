// x[i] = a number from -1 to 1 that looks random, as the tuner's operands. A GPU that multiplies zeros draws less power, and so runs
// at a higher clock, than in training. Not suitable for statistics: an integer hash of i (Jarzynski & Olano, "Hash functions for GPU
// rendering", 2020: PCG).

struct Params {
  length: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let places = 4 * i + vec4u(0, 1, 2, 3);
  let state = places * 747796405u + 2891336453u;
  let word = ((state >> ((state >> vec4u(28)) + 4)) ^ state) * 277803737u;
  let values = vec4f((word >> vec4u(22)) ^ word) / 2147483648.0 - 1.0;
  if (4 * i + 3 < params.length) {
    x[i] = values;
  } else { // what is beyond the length stays
    x[i] = select(x[i], values, places < vec4u(params.length));
  }
}
