// Cuts a batch of windows from one long time series and standardises them: out[i, h, w] = (series[starts[i] + w, h] - mean)
// scale. Time becomes an image's width. Lane i computes value i of the output, so writes are contiguous. The strided reads
// of a window (8 KB) are served by the cache.

struct Params {
  height: u32,
  width: u32,
  length: u32, // batch x height x width
  mean: f32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> series: array<f32>; // [time, height]
@group(0) @binding(1) var<storage, read> starts: array<i32>; // [batch]
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // [batch, height, width, 1]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let row = i / params.width; // counted over all images
  let w = i - row * params.width;
  let image = row / params.height;
  let h = row - image * params.height;
  out[i] = (series[(u32(starts[image]) + w) * params.height + h] - params.mean) * params.scale;
}
