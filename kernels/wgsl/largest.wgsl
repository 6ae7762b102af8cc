// largest[part] = the largest magnitude in the part's stretch of x, as its bits. It runs with many parts, then once more on
// their results with one. Without the sign, the bits of floats have the same order as the floats, with infinity and NaN last.

struct Params {
  length: u32,
  part_length: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>; // [length]: floats
@group(0) @binding(1) var<storage, read_write> largest: array<u32>; // [parts]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> found: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = group.y * groups.x + group.x;
  let first = part * params.part_length;
  let last = min(first + params.part_length, params.length);
  var most = 0u;
  for (var i = first + lane; i < last; i += 256) {
    most = max(most, x[i] & 0x7fffffffu);
  }
  found[lane] = most;
  workgroupBarrier();
  for (var half = 128u; half > 0; half >>= 1) {
    if (lane < half) {
      found[lane] = max(found[lane], found[lane + half]);
    }
    workgroupBarrier();
  }
  if (lane == 0 && first < params.length) {
    largest[part] = found[0];
  }
}
