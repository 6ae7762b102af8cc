// The sums that the gradient of normalise needs for each column, over the rows of a part: the sum of dy, and that of dy (x
// - mean) / sqrt(variance + epsilon). `column_sums.wgsl` adds the parts up to dBeta and dGamma.
//
// A workgroup processes 32 columns of one part. Each of its 8 rows of lanes takes every eighth row, and lane row 0 adds the
// eight sums in order.

struct Params {
  rows: u32,
  columns: u32,
  part_rows: u32, // rows of a part
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [rows, columns]
@group(0) @binding(2) var<storage, read> moments: array<f32>; // [2, columns]
@group(0) @binding(3) var<storage, read_write> d_gamma: array<f32>; // [parts, columns]
@group(0) @binding(4) var<storage, read_write> d_beta: array<f32>; // [parts, columns]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> shared_sums: array<vec2f, 256>; // [8, 32]: of dy, of dy (x - mean)

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let job = group.y * groups.x + group.x;
  let column_groups = (params.columns + 31) / 32;
  let part = job / column_groups;
  let column = (job % column_groups) * 32 + lane % 32;
  let first = part * params.part_rows;
  let last = min(first + params.part_rows, params.rows);
  var sums = vec2f();
  if (column < params.columns) {
    let mean = moments[column];
    for (var row = first + lane / 32; row < last; row += 8) {
      let at = row * params.columns + column;
      sums += dy[at] * vec2f(1, x[at] - mean);
    }
  }
  shared_sums[lane] = sums;
  workgroupBarrier();
  if (lane < 32 && column < params.columns && first < params.rows) {
    for (var i = 1u; i < 8; i++) {
      sums += shared_sums[i * 32 + lane];
    }
    d_beta[part * params.columns + column] = sums.x;
    d_gamma[part * params.columns + column] = sums.y / sqrt(moments[params.columns + column] + params.epsilon);
  }
}
