;; Convolution 3x3: tiles of 6 rows by 8 columns of
;;
;;   out[p, n] = bias[n] + sum over r, k of x[row(p) + r * rowStride + k] * panel[r, k, n]
;;
;; For a convolution p is a pixel and row(p) its upper left neighbour in an image with a border of zeros, [h+2, w+2, C]: the 3C values
;; under one row of the kernel are contiguous there, so r counts three kernel rows and k runs over 3C. This needs no im2col, and no test
;; for edges in the loop. (Dense layers are matrix products: gemm.wat. So are Winograd's.) The six pointers of a tile are independent (read
;; from a table), so any six pixels, across rows and images, can share a tile.
;;
;; Memory: a tile takes 6 scalars and 2 vectors from cache for 12 multiply-adds of 4 lanes; 12 accumulators, 2 vectors of weights and 1
;; splat fill 15 of x64's 16 registers. The six pointers share four small offsets: V8 checks each access against the memory's end, and so
;; it keeps those bounds in registers too. The panel (weights of 8 output channels, packed [r, k, 8] and padded with zeros) is read in
;; order once per tile and stays in L1 or L2 for all tiles of a block.
(module
  (import "env" "memory" (memory 1 65536 shared))

  (func $zero (param $at i32) (param $end i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (f32.store (local.get $at) (f32.const 0))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $next))))

  (func $copy (param $from i32) (param $to i32) (param $bytes i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (i32.and (local.get $bytes) (i32.const -16))))
    (block $vectors
      (loop $next
        (br_if $vectors (i32.ge_u (local.get $to) (local.get $end)))
        (v128.store (local.get $to) (v128.load (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br $next)))
    (local.set $end (i32.add (local.get $end) (i32.and (local.get $bytes) (i32.const 12))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (local.get $end)))
        (f32.store (local.get $to) (f32.load (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))
        (br $next))))

  ;; Copies rows [row0, row0 + rows) of `images` images [height, width, pixel bytes] with a border of one zero pixel all
  ;; around (or of the neighbouring row, inside an image): to is [images, rows + 2, width + 2, pixel bytes].
  (func (export "pad") (param $from i32) (param $to i32) (param $images i32) (param $height i32) (param $width i32)
    (param $pixel i32) (param $row0 i32) (param $rows i32)
    (local $row i32) (local $end i32) (local $rowBytes i32) (local $paddedBytes i32)
    (local.set $rowBytes (i32.mul (local.get $width) (local.get $pixel)))
    (local.set $paddedBytes (i32.add (local.get $rowBytes) (i32.shl (local.get $pixel) (i32.const 1))))
    (local.set $end (i32.add (local.get $row0) (local.get $rows)))
    (loop $image
      (local.set $row (i32.sub (local.get $row0) (i32.const 1)))
      (loop $line
        (if (i32.lt_u (local.get $row) (local.get $height)) ;; unsigned: row -1 is outside too
          (then
            (call $zero (local.get $to) (i32.add (local.get $to) (local.get $pixel)))
            (call $copy
              (i32.add (local.get $from) (i32.mul (local.get $row) (local.get $rowBytes)))
              (i32.add (local.get $to) (local.get $pixel))
              (local.get $rowBytes))
            (call $zero
              (i32.add (i32.add (local.get $to) (local.get $rowBytes)) (local.get $pixel))
              (i32.add (local.get $to) (local.get $paddedBytes))))
          (else (call $zero (local.get $to) (i32.add (local.get $to) (local.get $paddedBytes)))))
        (local.set $to (i32.add (local.get $to) (local.get $paddedBytes)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br_if $line (i32.le_s (local.get $row) (local.get $end))))
      (local.set $from (i32.add (local.get $from) (i32.mul (local.get $height) (local.get $rowBytes))))
      (br_if $image (local.tee $images (i32.sub (local.get $images) (i32.const 1))))))

  ;; Writes row(p) for every pixel of a block in the layout of "pad": from `base` on, `pixel` bytes per pixel, `skipRow`
  ;; more after each row of `width`, `skipImage` more after each image of `rows`. The last entry is repeated to a multiple
  ;; of 6.
  (func (export "pixelTable") (param $table i32) (param $base i32) (param $images i32) (param $rows i32) (param $width i32)
    (param $pixel i32) (param $skipRow i32) (param $skipImage i32)
    (local $row i32) (local $column i32) (local $count i32)
    (loop $image
      (local.set $row (local.get $rows))
      (loop $line
        (local.set $column (local.get $width))
        (loop $next
          (i32.store (local.get $table) (local.get $base))
          (local.set $table (i32.add (local.get $table) (i32.const 4)))
          (local.set $base (i32.add (local.get $base) (local.get $pixel)))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $next (local.tee $column (i32.sub (local.get $column) (i32.const 1)))))
        (local.set $base (i32.add (local.get $base) (local.get $skipRow)))
        (br_if $line (local.tee $row (i32.sub (local.get $row) (i32.const 1)))))
      (local.set $base (i32.add (local.get $base) (local.get $skipImage)))
      (br_if $image (local.tee $images (i32.sub (local.get $images) (i32.const 1)))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (i32.rem_u (local.get $count) (i32.const 6))))
        (i32.store (local.get $table) (i32.load (i32.sub (local.get $table) (i32.const 4))))
        (local.set $table (i32.add (local.get $table) (i32.const 4)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $next))))

  ;; One panel of packed weights, [taps, depth, 8], from a matrix w [any, taps, depth, columns] given by strides in bytes:
  ;; `valid` of 8 columns exist, the rest are zero. tapStride < 0 flips the kernel, as required for the input gradient.
  (func (export "packPanel") (param $from i32) (param $to i32) (param $taps i32) (param $depth i32) (param $valid i32)
    (param $tapStride i32) (param $depthStride i32) (param $columnStride i32)
    (local $d i32) (local $n i32) (local $at i32) (local $row i32)
    (loop $tap
      (local.set $d (local.get $depth))
      (local.set $row (local.get $from))
      (loop $next
        (if (i32.and (i32.eq (local.get $columnStride) (i32.const 4)) (i32.eq (local.get $valid) (i32.const 8)))
          (then
            (v128.store (local.get $to) (v128.load (local.get $row)))
            (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $row))))
          (else
            (v128.store (local.get $to) (v128.const f32x4 0 0 0 0))
            (v128.store offset=16 (local.get $to) (v128.const f32x4 0 0 0 0))
            (local.set $n (i32.const 0))
            (local.set $at (local.get $row))
            (loop $column
              (f32.store (i32.add (local.get $to) (i32.shl (local.get $n) (i32.const 2))) (f32.load (local.get $at)))
              (local.set $at (i32.add (local.get $at) (local.get $columnStride)))
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (br_if $column (i32.lt_u (local.get $n) (local.get $valid))))))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (local.set $row (i32.add (local.get $row) (local.get $depthStride)))
        (br_if $next (local.tee $d (i32.sub (local.get $d) (i32.const 1)))))
      (local.set $from (i32.add (local.get $from) (local.get $tapStride)))
      (br_if $tap (local.tee $taps (i32.sub (local.get $taps) (i32.const 1))))))

  ;; All tiles of one panel. table: count pointers row(p), repeated to a multiple of 6. rows, depth: the extents of r and k;
  ;; rowStride in bytes. out, mask: address of row 0 and this panel's first column; outStride in bytes. valid: columns of the
  ;; panel that exist, 1 to 8. bias, mask: 0 if there is none. add: whether to add to the contents of out (all 8 columns).
  ;; temp: 32 bytes of this thread's memory.
  (func (export "tiles") (param $table i32) (param $count i32) (param $rows i32) (param $rowStride i32) (param $depth i32)
    (param $panel i32) (param $out i32) (param $outStride i32) (param $valid i32) (param $bias i32) (param $mask i32)
    (param $relu i32) (param $add i32) (param $temp i32)
    (local $p0 i32) (local $p1 i32) (local $p2 i32) (local $p3 i32) (local $p4 i32) (local $p5 i32)
    (local $w i32) (local $k i32) (local $r i32) (local $skip i32) (local $n i32)
    (local $bias0 v128) (local $bias1 v128)
    (local $a v128) (local $b0 v128) (local $b1 v128)
    {{#i 0 6}}(local $c{{i}}0 v128) (local $c{{i}}1 v128) {{/i}}
    (local.set $skip (i32.sub (local.get $rowStride) (i32.shl (local.get $depth) (i32.const 2))))
    (if (local.get $bias)
      (then
        (local.set $bias0 (v128.load (local.get $bias)))
        (local.set $bias1 (v128.load offset=16 (local.get $bias)))))
    (loop $tile
      {{#i 0 6}}
      (local.set $p{{i}} (i32.load offset={{4*i}} (local.get $table)))
      (local.set $c{{i}}0 (local.get $bias0))
      (local.set $c{{i}}1 (local.get $bias1))
      {{/i}}
      (local.set $w (local.get $panel))
      (local.set $r (local.get $rows))
      (loop $row
        (if (local.tee $k (i32.and (local.get $depth) (i32.const -4)))
          (then
            (loop $four
              {{#k 0 4}}
              (local.set $b0 (v128.load offset={{32*k}} (local.get $w)))
              (local.set $b1 (v128.load offset={{32*k+16}} (local.get $w)))
              {{#i 0 6}}
              (local.set $a (v128.load32_splat offset={{4*k}} (local.get $p{{i}})))
              (local.set $c{{i}}0 (f32x4.madd (local.get $a) (local.get $b0) (local.get $c{{i}}0)))
              (local.set $c{{i}}1 (f32x4.madd (local.get $a) (local.get $b1) (local.get $c{{i}}1)))
              {{/i}}
              {{/k}}
              {{#i 0 6}}(local.set $p{{i}} (i32.add (local.get $p{{i}}) (i32.const 16))) {{/i}}
              (local.set $w (i32.add (local.get $w) (i32.const 128)))
              (br_if $four (local.tee $k (i32.sub (local.get $k) (i32.const 4)))))))
        (if (local.tee $k (i32.and (local.get $depth) (i32.const 3)))
          (then
            (loop $one
              (local.set $b0 (v128.load (local.get $w)))
              (local.set $b1 (v128.load offset=16 (local.get $w)))
              {{#i 0 6}}
              (local.set $a (v128.load32_splat (local.get $p{{i}})))
              (local.set $c{{i}}0 (f32x4.madd (local.get $a) (local.get $b0) (local.get $c{{i}}0)))
              (local.set $c{{i}}1 (f32x4.madd (local.get $a) (local.get $b1) (local.get $c{{i}}1)))
              (local.set $p{{i}} (i32.add (local.get $p{{i}}) (i32.const 4)))
              {{/i}}
              (local.set $w (i32.add (local.get $w) (i32.const 32)))
              (br_if $one (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))))
        {{#i 0 6}}(local.set $p{{i}} (i32.add (local.get $p{{i}}) (local.get $skip))) {{/i}}
        (br_if $row (local.tee $r (i32.sub (local.get $r) (i32.const 1)))))
      {{#i 0 6}}
      (if (i32.gt_u (local.get $count) (i32.const {{i}}))
        (then
          (if (local.get $add)
            (then
              (local.set $c{{i}}0 (f32x4.add (v128.load (local.get $out)) (local.get $c{{i}}0)))
              (local.set $c{{i}}1 (f32x4.add (v128.load offset=16 (local.get $out)) (local.get $c{{i}}1)))))
          (if (local.get $relu)
            (then ;; pmax(x, 0) is x < 0 ? 0 : x, so that NaN stays NaN
              (local.set $c{{i}}0 (f32x4.pmax (local.get $c{{i}}0) (v128.const f32x4 0 0 0 0)))
              (local.set $c{{i}}1 (f32x4.pmax (local.get $c{{i}}1) (v128.const f32x4 0 0 0 0)))))
          (if (local.get $mask)
            (then
              (local.set $c{{i}}0 (v128.andnot (local.get $c{{i}}0)
                (f32x4.le (v128.load (local.get $mask)) (v128.const f32x4 0 0 0 0))))
              (local.set $c{{i}}1 (v128.andnot (local.get $c{{i}}1)
                (f32x4.le (v128.load offset=16 (local.get $mask)) (v128.const f32x4 0 0 0 0))))
              (local.set $mask (i32.add (local.get $mask) (local.get $outStride)))))
          (if (i32.eq (local.get $valid) (i32.const 8))
            (then
              (v128.store (local.get $out) (local.get $c{{i}}0))
              (v128.store offset=16 (local.get $out) (local.get $c{{i}}1)))
            (else
              (v128.store (local.get $temp) (local.get $c{{i}}0))
              (v128.store offset=16 (local.get $temp) (local.get $c{{i}}1))
              (call $copy (local.get $temp) (local.get $out) (i32.shl (local.get $valid) (i32.const 2)))))
          (local.set $out (i32.add (local.get $out) (local.get $outStride)))))
      {{/i}}
      (local.set $table (i32.add (local.get $table) (i32.const 24)))
      (br_if $tile (i32.gt_s (local.tee $count (i32.sub (local.get $count) (i32.const 6))) (i32.const 0)))))
)
