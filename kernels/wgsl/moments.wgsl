// For each column over the rows of a part: parts[part, 0, j] = its mean, parts[part, 1, j] = the sum of squared distances from
// the mean. The kernel passes over the part twice, and the second pass finds it in the cache. A single pass would subtract the
// squared mean from the squares, which leaves only rounding errors for numbers far from zero. `join_moments.wgsl` joins the
// parts.
//
// A workgroup processes 32 columns of one part. Each of its 8 rows of lanes takes every eighth row, and every lane adds the
// eight sums in the same order.

struct Params {
  rows: u32,
  columns: u32,
  part_rows: u32, // rows of a part
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read_write> parts: array<f32>; // [parts, 2, columns]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> shared_sums: array<f32, 256>; // [8, 32]

fn sum_of_column(lane: u32) -> f32 {
  var sum = 0.0;
#for i in 8
  sum += shared_sums[${i} * 32 + lane % 32];
#end
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let job = group.y * groups.x + group.x;
  let column_groups = (params.columns + 31) / 32;
  let part = job / column_groups;
  let column = (job % column_groups) * 32 + lane % 32;
  let first = min(part * params.part_rows, params.rows);
  let last = min(first + params.part_rows, params.rows);
  let inside = column < params.columns;
  var sum = 0.0;
  if (inside) {
    for (var row = first + lane / 32; row < last; row += 8) {
      sum += x[row * params.columns + column];
    }
  }
  shared_sums[lane] = sum;
  workgroupBarrier();
  let mean = sum_of_column(lane) / f32(max(last - first, 1u));
  workgroupBarrier();
  var squares = 0.0;
  if (inside) {
    for (var row = first + lane / 32; row < last; row += 8) {
      let distance = x[row * params.columns + column] - mean;
      squares += distance * distance;
    }
  }
  shared_sums[lane] = squares;
  workgroupBarrier();
  if (lane < 32 && inside && first < last) {
    parts[2 * part * params.columns + column] = mean;
    parts[(2 * part + 1) * params.columns + column] = sum_of_column(lane);
  }
}
