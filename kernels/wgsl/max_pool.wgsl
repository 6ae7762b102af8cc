// y = the largest of each 2x2 window of x, stride 2; an odd last row or column is dropped, and a NaN counts as the
// largest (not_hidden.wgsl). Lane i computes value i of y: four reads, one write. The channels of a pixel are
// neighbours in memory and in lanes.

struct Params {
  height: u32, // of x
  width: u32,
  channels: u32,
  length: u32, // of y
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [batch, height, width, channels]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [batch, height / 2, width / 2, channels]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let pixel = i / params.channels;
  let channel = i - pixel * params.channels;
  let row = pixel / (params.width / 2); // counted over all images
  let column = pixel - row * (params.width / 2);
  let image = row / (params.height / 2);
  let top = image * params.height + 2 * (row - image * (params.height / 2));
  let down = params.width * params.channels;
  let first = (top * params.width + 2 * column) * params.channels + channel;
  y[i] = larger(
    larger(x[first], x[first + params.channels]),
    larger(x[first + down], x[first + down + params.channels]),
  );
}
