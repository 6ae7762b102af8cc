// dx = dy at the first largest value of its window in reading order, zero elsewhere, also in a dropped last row or column;
// then zero where mask <= 0. Lane i processes one window of one channel, complete or cut off by the edge, and writes all
// of it.

struct Params {
  height: u32, // of x
  width: u32,
  channels: u32,
  length: u32, // windows: batch x ceil(height / 2) x ceil(width / 2) x channels
  has_mask: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [batch, height, width, channels]
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [batch, height / 2, width / 2, channels]
@group(0) @binding(2) var<storage, read> mask: array<f32>; // [batch, height, width, channels]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [batch, height, width, channels]
@group(1) @binding(0) var<uniform> params: Params;

fn put(place: u32, value: f32) {
  dx[place] = select(value, 0.0, params.has_mask != 0 && !(mask[place] > 0));
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let windows_across = (params.width + 1) / 2;
  let windows_down = (params.height + 1) / 2;
  let window = i / params.channels;
  let channel = i - window * params.channels;
  let row = window / windows_across; // counted over all images
  let column = window - row * windows_across;
  let image = row / windows_down;
  let h = row - image * windows_down;
  let first = ((image * params.height + 2 * h) * params.width + 2 * column) * params.channels + channel;
  let right = params.channels;
  let down = params.width * params.channels;
  let has_right = 2 * column + 1 < params.width;
  let has_down = 2 * h + 1 < params.height;
  if (has_right && has_down) {
    let g = dy[((image * (params.height / 2) + h) * (params.width / 2) + column) * params.channels + channel];
    var largest = x[first];
    var winner = first;
    if (x[first + right] > largest) {
      largest = x[first + right];
      winner = first + right;
    }
    if (x[first + down] > largest) {
      largest = x[first + down];
      winner = first + down;
    }
    if (x[first + down + right] > largest) {
      winner = first + down + right;
    }
    put(first, select(0.0, g, winner == first));
    put(first + right, select(0.0, g, winner == first + right));
    put(first + down, select(0.0, g, winner == first + down));
    put(first + down + right, select(0.0, g, winner == first + down + right));
  } else {
    put(first, 0.0);
    if (has_right) {
      put(first + right, 0.0);
    }
    if (has_down) {
      put(first + down, 0.0);
    }
  }
}
