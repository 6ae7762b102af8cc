// g[point, tile, c] = G' dy G'^T: the gradient dy of the output, for the gradient of the weights by Winograd's algorithm
// (webgpu/winograd.ts has the mathematics). There the 2x2 values of a tile of dy act as a kernel. Along a line of two, G' dy is
//
//   d0, (d0 + d1) / 2, (d0 - d1) / 2, d1
//
// Lane i transforms four channels of one tile: 4 vec4s in, 16 out. Pixels outside their image are zero, and so are tiles beyond
// the last.

struct Params {
  height: u32,
  width: u32,
  channels4: u32, // channels / 4
  down: u32, // tiles of an image down
  across: u32, // and across
  all: u32, // tiles of all images
  first: u32, // the first tile of this piece
  tiles: u32, // tiles of this piece
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>; // [batch, height, width, channels]
@group(0) @binding(1) var<storage, read_write> g: array<vec4f>; // [16, tiles, channels]
@group(1) @binding(0) var<uniform> params: Params;

fn line(a: vec4f, b: vec4f) -> mat4x4f {
  let half_a = 0.5 * a;
  let half_b = 0.5 * b;
  return mat4x4f(a, half_a + half_b, half_a - half_b, b);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  let own = i / params.channels4;
  if (own >= params.tiles) {
    return;
  }
  let channel4 = i - own * params.channels4;
  let tile = params.first + own;
  let row = tile / params.across;
  let image = row / params.down;
  let top = 2 * (row - image * params.down);
  let left = 2 * (tile - row * params.across);
  let begin = ((image * params.height + top) * params.width + left) * params.channels4 + channel4;
#for r in 2
  let inside_${r} = tile < params.all && top + ${r} < params.height;
#for c in 2
  let d_${r}_${c} = select(
    vec4f(),
    dy[begin + (${r} * params.width + ${c}) * params.channels4],
    inside_${r} && left + ${c} < params.width,
  );
#end
#end
  let t_0 = line(d_0_0, d_1_0);
  let t_1 = line(d_0_1, d_1_1);
  let point = params.tiles * params.channels4;
#for r in 4
  let g_${r} = line(t_0[${r}], t_1[${r}]);
#for c in 4
  g[i + (4 * ${r} + ${c}) * point] = g_${r}[${c}];
#end
#end
}
