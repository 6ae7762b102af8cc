// moments[0, j] = the mean, moments[1, j] = the variance of column j, from those of its parts: two sets of n and c values are
// joined by mean += d c / (n + c), squares += squares' + d^2 n c / (n + c), with d the distance of their means (Chan et al.
// 1983). Lane j joins column j.

struct Params {
  rows: u32,
  columns: u32,
  part_rows: u32, // rows of each part except the last
  count: u32, // parts
}

@group(0) @binding(0) var<storage, read> parts: array<f32>; // [count, 2, columns]
@group(0) @binding(1) var<storage, read_write> moments: array<f32>; // [2, columns]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let j = (group.y * groups.x + group.x) * 64 + lane;
  if (j >= params.columns) {
    return;
  }
  var n = 0.0;
  var mean = 0.0;
  var squares = 0.0;
  for (var part = 0u; part < params.count; part++) {
    let c = f32(min(params.part_rows, params.rows - part * params.part_rows));
    let d = parts[2 * part * params.columns + j] - mean;
    squares += parts[(2 * part + 1) * params.columns + j] + d * d * (n * c / (n + c));
    n += c;
    mean += d * (c / n);
  }
  moments[j] = mean;
  moments[params.columns + j] = squares / n;
}
