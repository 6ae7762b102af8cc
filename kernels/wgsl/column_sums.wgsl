// sums[part, j] = the sum of column j over the rows of the part. It runs on [rows, columns] with many parts, then once
// more on the resulting [parts, columns] with one. So a tall matrix keeps the whole GPU busy, and the order of additions
// is fixed.
//
// A workgroup sums 32 columns of one part. Each of its 8 rows of lanes takes every eighth row, so neighbouring lanes read
// neighbouring columns. Lane row 0 adds the eight sums in order.

struct Params {
  rows: u32,
  columns: u32,
  part_rows: u32, // rows of a part
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read_write> sums: array<f32>; // [parts, columns]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> shared_sums: array<f32, 256>; // [8, 32]

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let job = group.y * groups.x + group.x;
  let column_groups = (params.columns + 31) / 32;
  let part = job / column_groups;
  let column = (job % column_groups) * 32 + lane % 32;
  let first = part * params.part_rows;
  let last = min(first + params.part_rows, params.rows);
  var sum = 0.0;
  if (column < params.columns) {
    for (var row = first + lane / 32; row < last; row += 8) {
      sum += x[row * params.columns + column];
    }
  }
  shared_sums[lane] = sum;
  workgroupBarrier();
  if (lane < 32 && column < params.columns && first < params.rows) {
    for (var i = 1u; i < 8; i++) {
      sum += shared_sums[i * 32 + lane];
    }
    sums[part * params.columns + column] = sum;
  }
}
