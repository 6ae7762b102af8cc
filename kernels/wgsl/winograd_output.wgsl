// y = A^T m A + bias, then max(0, y) if relu, then zero where mask <= 0: the 2x2 outputs of a tile of a convolution by Winograd's
// algorithm (webgpu/winograd.ts has the mathematics), from the products at its 16 points. Along a line of four, A^T m is
//
//   m0 + m1 + m2, m1 - m2 + m3
//
// Lane i transforms four channels of one tile. If the products were split along k, the parts of each point are added first, in
// order. The last tile of an odd row or column has one output outside the image, which is skipped.

struct Params {
  height: u32,
  width: u32,
  cols4: u32, // channels / 4
  down: u32, // tiles of an image down
  across: u32, // and across
  all: u32, // tiles of all images
  first: u32, // the first tile of this piece
  tiles: u32, // rows of a point of m: tiles of this piece
  splits: u32, // parts per point
  relu: u32,
}

@group(0) @binding(0) var<storage, read> m: array<vec4f>; // [16, splits, tiles, channels]
#if BIAS
@group(0) @binding(1) var<storage, read> bias: array<vec4f>; // [channels]
#end
#if MASK
@group(0) @binding(2) var<storage, read> mask: array<vec4f>; // [batch, height, width, channels]
#end
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [batch, height, width, channels]
@group(1) @binding(0) var<uniform> params: Params;

fn line(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat2x4f {
  return mat2x4f(a + (b + c), (b - c) + d);
}

fn store(at: u32, sum: vec4f, add: vec4f) {
  var values = sum + add;
  if (params.relu != 0) {
    values = rectified(values);
  }
#if MASK
  values = select(vec4f(), values, mask[at] > vec4f());
#end
  y[at] = values;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  let own = i / params.cols4;
  let tile = params.first + own;
  if (own >= params.tiles || tile >= params.all) {
    return;
  }
  let channel4 = i - own * params.cols4;
  let part = params.tiles * params.cols4;
  let point = params.splits * part;
#for p in 16
  var m_${p} = m[i + ${p} * point];
#end
#if PARTS
  for (var split = 1u; split < params.splits; split++) {
#for p in 16
    m_${p} += m[i + ${p} * point + split * part];
#end
  }
#end
  let t_0 = line(m_0, m_4, m_8, m_12);
  let t_1 = line(m_1, m_5, m_9, m_13);
  let t_2 = line(m_2, m_6, m_10, m_14);
  let t_3 = line(m_3, m_7, m_11, m_15);
#if BIAS
  let add = bias[channel4];
#else
  let add = vec4f();
#end
  let row = tile / params.across;
  let image = row / params.down;
  let top = 2 * (row - image * params.down);
  let left = 2 * (tile - row * params.across);
  let to = ((image * params.height + top) * params.width + left) * params.cols4 + channel4;
#for r in 2
  if (top + ${r} < params.height) {
    let y_${r} = line(t_0[${r}], t_1[${r}], t_2[${r}], t_3[${r}]);
    store(to + ${r} * params.width * params.cols4, y_${r}[0], add);
    if (left + 1 < params.width) {
      store(to + (${r} * params.width + 1) * params.cols4, y_${r}[1], add);
    }
  }
#end
}
