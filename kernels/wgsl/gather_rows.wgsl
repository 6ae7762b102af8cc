// out[i, j] = table[rows[i], j]. Lane i writes value i of the output.

struct Params {
  columns: u32,
  length: u32, // batch x columns
}

@group(0) @binding(0) var<storage, read> table: array<f32>; // [any, columns]
@group(0) @binding(1) var<storage, read> rows: array<i32>; // [batch]
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // [batch, columns]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let row = i / params.columns;
  out[i] = table[u32(rows[row]) * params.columns + (i - row * params.columns)];
}
