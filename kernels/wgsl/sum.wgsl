// total[part] = the sum of the part's stretch of x. It runs with many parts, then once more on their sums with one.
//
// Lane l of a workgroup adds values l, l + 256, ...; the number of sums is then halved repeatedly, each time in the same order.
// When SHARE sums are left, the least number of lanes in a subgroup, each group of SHARE lanes takes them all and exchanges them,
// which needs no barrier: if subgroups have 32 lanes, three of eight barriers remain. The pairs of sums that are added stay the
// same. The kernel does not query the size of its subgroup: WebGPU's answer is not always correct.

#if SUBGROUPS
${ENABLE}
#end

struct Params {
  length: u32,
  part_length: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [length]
@group(0) @binding(1) var<storage, read_write> total: array<f32>; // [parts]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
#if SUBGROUPS
  @builtin(subgroup_invocation_id) id: u32,
#end
) {
  let part = group.y * groups.x + group.x;
  let first = part * params.part_length;
  let last = min(first + params.part_length, params.length);
  var sum = 0.0;
  for (var i = first + lane; i < last; i += 256) {
    sum += x[i];
  }
  sums[lane] = sum;
  workgroupBarrier();
#if SUBGROUPS
  for (var half = 128u; half >= ${SHARE}; half >>= 1) {
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
    workgroupBarrier();
  }
  sum = sums[id % ${SHARE}];
  for (var half = ${SHARE}u >> 1; half > 0; half >>= 1) {
    sum += subgroupShuffleXor(sum, half);
  }
#else
  for (var half = 128u; half > 0; half >>= 1) {
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
    workgroupBarrier();
  }
  sum = sums[0];
#end
  if (lane == 0 && first < params.length) {
    total[part] = sum;
  }
}
