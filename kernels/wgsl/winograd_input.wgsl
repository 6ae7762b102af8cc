// v[point, tile, c] = B^T d B: the input of a convolution by Winograd's algorithm (webgpu/winograd.ts has the mathematics).
//
// A tile of 2x2 outputs depends on 4x4 pixels d, including those around it. Along a line of four, B^T d is
//
//   d0 - d2, d1 + d2, d2 - d1, d3 - d1
//
// Lane i transforms four channels of one tile: it reads 16 vec4s, transforms them in registers and writes 16, one for each point.
// Neighbouring lanes have neighbouring channels, so a warp reads and writes whole lines. Neighbouring tiles read half of their pixels
// again, from a cache. Pixels outside their image are zero, and so are tiles beyond the last.

struct Params {
  height: u32,
  width: u32,
  channels4: u32, // channels / 4
  down: u32, // tiles of an image down
  across: u32, // and across
  all: u32, // tiles of all images
  first: u32, // the first tile of this piece
  tiles: u32, // tiles of this piece
  tile_stride: u32, // from one tile to the next in v, in groups of four values
  point_stride: u32, // from one point to the next
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [batch, height, width, channels]
@group(0) @binding(1) var<storage, read_write> v: array<vec4f>; // [tiles, 16, channels], or [16, tiles, channels]
@group(1) @binding(0) var<uniform> params: Params;

fn line(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat4x4f {
  return mat4x4f(a - c, b + c, c - b, d - b);
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
  // the row above the tile and the column to its left; before the first, the value is huge and so outside every image
  let top = 2 * (row - image * params.down) - 1;
  let left = 2 * (tile - row * params.across) - 1;
  let begin = ((image * params.height + top) * params.width + left) * params.channels4 + channel4;
  let across = left + vec4u(0, 1, 2, 3) < vec4u(params.width);
#for r in 4
  let inside_${r} = tile < params.all && top + ${r} < params.height;
#for c in 4
  let d_${r}_${c} = select(vec4f(), x[begin + (${r} * params.width + ${c}) * params.channels4], inside_${r} && across[${c}]);
#end
#end
#for c in 4
  let t_${c} = line(d_0_${c}, d_1_${c}, d_2_${c}, d_3_${c});
#end
  let to = own * params.tile_stride + channel4;
#for r in 4
  let v_${r} = line(t_0[${r}], t_1[${r}], t_2[${r}], t_3[${r}]);
#for c in 4
  v[to + (4 * ${r} + ${c}) * params.point_stride] = v_${r}[${c}];
#end
#end
}
