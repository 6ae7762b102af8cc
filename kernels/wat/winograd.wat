;; The tiles of Winograd's convolution: the functions that cpu/winograd.ts calls. They find a tile's pixels, transform the tile
;; with two of the lines of winograd_lines.wat, and finish a transformed tile: bias, ReLU, mask. This file and that one are one
;; module: cpu/modules.ts joins them.
;;
;; Memory: a transform reads and writes each value of a tile twice; in between, the values are in the first-level cache.

;; Transforms a tile: `vertical` on each of its `columns` columns, then `horizontal` on each of the `rows` resulting rows. in:
;; lists of addresses, 6 words for each column; at: bytes to add to them; middle: lists of addresses, 6 words for each row, of
;; a temporary [rows, columns, 512 bytes] at temp; to, rowStride, stride: addresses of the results; bytes of each value.
(func $transform (export "transform") (param $vertical i32) (param $horizontal i32) (param $in i32) (param $at i32)
  (param $columns i32) (param $rows i32) (param $middle i32) (param $temp i32) (param $to i32) (param $rowStride i32)
  (param $stride i32) (param $bytes i32)
  (local $n i32) (local $part i32)
  (loop $next
    (local.set $part (i32.sub (local.get $bytes) (local.get $n)))
    (if (i32.gt_u (local.get $part) (i32.const 512)) (then (local.set $part (i32.const 512))))
    (call_indirect (type $line)
      (local.get $in)
      (i32.add (local.get $at) (local.get $n))
      (local.get $temp)
      (i32.shl (local.get $columns) (i32.const 9))
      (local.get $part)
      (local.get $columns)
      (i32.const 512)
      (local.get $vertical))
    (call_indirect (type $line)
      (local.get $middle)
      (i32.const 0)
      (i32.add (local.get $to) (local.get $n))
      (local.get $stride)
      (local.get $part)
      (local.get $rows)
      (local.get $rowStride)
      (local.get $horizontal))
    (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 512))) (local.get $bytes)))))

;; Transforms `count` tiles of images [height, width, pixel bytes], from tile `tile` on. Tiles are counted along rows of `across`
;; tiles, `down` rows per image. border: 1 if a tile begins one pixel outside its outputs, which are tall x wide. at: bytes to
;; add to each pixel's address; list: space for a tile's pixels; to, toTile: address of the first tile, and bytes to the next.
(func (export "inputTiles") (param $vertical i32) (param $horizontal i32) (param $images i32) (param $height i32)
  (param $width i32) (param $pixel i32) (param $down i32) (param $across i32) (param $tall i32) (param $wide i32)
  (param $border i32) (param $tile i32) (param $count i32) (param $zeros i32) (param $list i32) (param $at i32)
  (param $middle i32) (param $temp i32) (param $to i32) (param $toTile i32) (param $rowStride i32) (param $stride i32)
  (param $bytes i32)
  (local $row i32) (local $columns i32)
  (local.set $columns (i32.add (local.get $wide) (i32.shl (local.get $border) (i32.const 1))))
  (loop $next
    (local.set $row (i32.div_u (local.get $tile) (local.get $across)))
    (call $tilePixels
      (local.get $list)
      (i32.add (local.get $images) (i32.mul (i32.div_u (local.get $row) (local.get $down))
        (i32.mul (local.get $height) (i32.mul (local.get $width) (local.get $pixel)))))
      (local.get $height) (local.get $width) (local.get $pixel)
      (i32.sub (i32.mul (i32.rem_u (local.get $row) (local.get $down)) (local.get $tall)) (local.get $border))
      (i32.sub (i32.mul (i32.rem_u (local.get $tile) (local.get $across)) (local.get $wide)) (local.get $border))
      (local.get $columns) (local.get $zeros))
    (call $transform (local.get $vertical) (local.get $horizontal) (local.get $list) (local.get $at)
      (local.get $columns) (i32.add (local.get $tall) (i32.const 2)) (local.get $middle) (local.get $temp)
      (local.get $to) (local.get $rowStride) (local.get $stride) (local.get $bytes))
    (local.set $tile (i32.add (local.get $tile) (i32.const 1)))
    (local.set $to (i32.add (local.get $to) (local.get $toTile)))
    (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

;; Lists of addresses on a lattice: list[i, j] = base + i * across + j * along, i < lists, j < 6.
(func (export "lattice") (param $list i32) (param $base i32) (param $lists i32) (param $across i32) (param $along i32)
  (loop $next
    {{#j 0 6}}
    (i32.store offset={{4*j}} (local.get $list)
      (i32.add (local.get $base) (i32.mul (local.get $along) (i32.const {{j}}))))
    {{/j}}
    (local.set $list (i32.add (local.get $list) (i32.const 24)))
    (local.set $base (i32.add (local.get $base) (local.get $across)))
    (br_if $next (local.tee $lists (i32.sub (local.get $lists) (i32.const 1))))))

;; Lists of addresses of a tile's pixels: list[j, i] is pixel (row + i, column + j) of an image [height, width, pixel bytes]
;; at `image`, j < columns, i < 6; pixels outside are at `zeros`.
(func $tilePixels (param $list i32) (param $image i32) (param $height i32) (param $width i32) (param $pixel i32)
  (param $row i32) (param $column i32) (param $columns i32) (param $zeros i32)
  (local $at i32) (local $rowBytes i32) (local $inside i32)
  (local.set $rowBytes (i32.mul (local.get $width) (local.get $pixel)))
  (loop $next
    (local.set $inside (i32.lt_u (local.get $column) (local.get $width))) ;; unsigned: column -1 is outside too
    (local.set $at (i32.add
      (i32.add (local.get $image) (i32.mul (local.get $row) (local.get $rowBytes)))
      (i32.mul (local.get $column) (local.get $pixel))))
    {{#i 0 6}}
    (i32.store offset={{4*i}} (local.get $list) (select
      (local.get $at)
      (local.get $zeros)
      (i32.and (local.get $inside)
        (i32.lt_u (i32.add (local.get $row) (i32.const {{i}})) (local.get $height)))))
    (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
    {{/i}}
    (local.set $list (i32.add (local.get $list) (i32.const 24)))
    (local.set $column (i32.add (local.get $column) (i32.const 1)))
    (br_if $next (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))

;; Stores the first 1 to 3 values of four, `bytes` bytes.
(func $storeFirst (param $to i32) (param $v v128) (param $bytes i32)
  (f32.store (local.get $to) (f32x4.extract_lane 0 (local.get $v)))
  (if (i32.gt_u (local.get $bytes) (i32.const 4))
    (then (f32.store offset=4 (local.get $to) (f32x4.extract_lane 1 (local.get $v)))))
  (if (i32.gt_u (local.get $bytes) (i32.const 8))
    (then (f32.store offset=8 (local.get $to) (f32x4.extract_lane 2 (local.get $v))))))

;; Writes rows x columns pixels of a finished tile to their places: from, [any, any, bytes] with fromRow and fromPixel bytes
;; from one to the next, plus bias, rectified if relu, zero where mask <= 0; bias and mask are 0 if there is none. Reads,
;; but never writes, up to 12 bytes beyond the end of a pixel.
(func $finishTile (export "finishTile") (param $from i32) (param $fromRow i32) (param $fromPixel i32) (param $to i32) (param $toRow i32)
  (param $toPixel i32) (param $rows i32) (param $columns i32) (param $bytes i32) (param $bias i32) (param $mask i32)
  (param $relu i32)
  (local $n i32) (local $q i32) (local $f i32) (local $out i32) (local $m i32) (local $v0 v128) (local $v1 v128)
  (local $floor v128) (local $masked i32)
  (local.set $masked (local.get $mask))
  ;; pmax(x, f) is x < f ? f : x, so that NaN stays NaN
  (local.set $floor (f32x4.splat (select (f32.const 0) (f32.const -inf) (local.get $relu))))
  (loop $row
    (local.set $q (local.get $columns))
    (local.set $f (local.get $from))
    (local.set $out (local.get $to))
    (local.set $m (local.get $mask))
    (loop $pixel
      (local.set $n (i32.const 0))
      (block $rest
        (loop $eight
          (br_if $rest (i32.gt_u (i32.add (local.get $n) (i32.const 32)) (local.get $bytes)))
          {{#i 0 2}}
          (local.set $v{{i}} (v128.load offset={{16*i}} (i32.add (local.get $f) (local.get $n))))
          {{/i}}
          (if (local.get $bias)
            (then
              {{#i 0 2}}
              (local.set $v{{i}} (f32x4.add (local.get $v{{i}})
                (v128.load offset={{16*i}} (i32.add (local.get $bias) (local.get $n)))))
              {{/i}}))
          {{#i 0 2}}(local.set $v{{i}} (f32x4.pmax (local.get $v{{i}}) (local.get $floor)))
          {{/i}}
          (if (local.get $masked)
            (then
              {{#i 0 2}}
              (local.set $v{{i}} (v128.andnot (local.get $v{{i}}) (f32x4.le
                (v128.load offset={{16*i}} (i32.add (local.get $m) (local.get $n)))
                (v128.const f32x4 0 0 0 0))))
              {{/i}}))
          {{#i 0 2}}
          (v128.store offset={{16*i}} (i32.add (local.get $out) (local.get $n)) (local.get $v{{i}}))
          {{/i}}
          (local.set $n (i32.add (local.get $n) (i32.const 32)))
          (br $eight)))
      (block $whole
        (loop $next
          (br_if $whole (i32.ge_u (local.get $n) (local.get $bytes)))
          (local.set $v0 (v128.load (i32.add (local.get $f) (local.get $n))))
          (if (local.get $bias)
            (then (local.set $v0 (f32x4.add (local.get $v0) (v128.load (i32.add (local.get $bias) (local.get $n)))))))
          (local.set $v0 (f32x4.pmax (local.get $v0) (local.get $floor)))
          (if (local.get $masked)
            (then (local.set $v0 (v128.andnot (local.get $v0)
              (f32x4.le (v128.load (i32.add (local.get $m) (local.get $n))) (v128.const f32x4 0 0 0 0))))))
          (if (i32.le_u (i32.add (local.get $n) (i32.const 16)) (local.get $bytes))
            (then (v128.store (i32.add (local.get $out) (local.get $n)) (local.get $v0)))
            (else (call $storeFirst (i32.add (local.get $out) (local.get $n)) (local.get $v0)
              (i32.sub (local.get $bytes) (local.get $n)))))
          (local.set $n (i32.add (local.get $n) (i32.const 16)))
          (br $next)))
      (local.set $f (i32.add (local.get $f) (local.get $fromPixel)))
      (local.set $out (i32.add (local.get $out) (local.get $toPixel)))
      (local.set $m (i32.add (local.get $m) (local.get $toPixel)))
      (br_if $pixel (local.tee $q (i32.sub (local.get $q) (i32.const 1)))))
    (local.set $from (i32.add (local.get $from) (local.get $fromRow)))
    (local.set $to (i32.add (local.get $to) (local.get $toRow)))
    (local.set $mask (i32.add (local.get $mask) (local.get $toRow)))
    (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

;; Transforms `count` tiles of products back and finishes them, from tile `tile` of the images at y on (counted as inputTiles does).
;; list: addresses of the first tile's products; tileBytes: bytes from one tile to the next, and from one finished pixel to the next
;; in `done`. The last tiles of an image may extend beyond its edge.
(func (export "outputTiles") (param $vertical i32) (param $horizontal i32) (param $list i32) (param $tileBytes i32)
  (param $tile i32) (param $count i32) (param $down i32) (param $across i32) (param $tall i32) (param $wide i32)
  (param $middle i32) (param $temp i32) (param $done i32) (param $y i32) (param $height i32) (param $width i32)
  (param $pixel i32) (param $bytes i32) (param $bias i32) (param $mask i32) (param $relu i32)
  (local $row i32) (local $top i32) (local $left i32) (local $offset i32) (local $at i32)
  (loop $next
    (call $transform (local.get $vertical) (local.get $horizontal) (local.get $list) (local.get $offset)
      (i32.add (local.get $wide) (i32.const 2)) (local.get $tall) (local.get $middle) (local.get $temp)
      (local.get $done) (i32.mul (local.get $wide) (local.get $tileBytes)) (local.get $tileBytes) (local.get $bytes))
    (local.set $row (i32.div_u (local.get $tile) (local.get $across)))
    (local.set $top (i32.mul (i32.rem_u (local.get $row) (local.get $down)) (local.get $tall)))
    (local.set $left (i32.mul (i32.rem_u (local.get $tile) (local.get $across)) (local.get $wide)))
    (local.set $at (i32.mul (local.get $pixel) (i32.add (local.get $left) (i32.mul (local.get $width)
      (i32.add (local.get $top) (i32.mul (local.get $height) (i32.div_u (local.get $row) (local.get $down))))))))
    (call $finishTile
      (local.get $done) (i32.mul (local.get $wide) (local.get $tileBytes)) (local.get $tileBytes)
      (i32.add (local.get $y) (local.get $at)) (i32.mul (local.get $pixel) (local.get $width)) (local.get $pixel)
      (select (local.get $tall) (i32.sub (local.get $height) (local.get $top))
        (i32.le_u (local.get $tall) (i32.sub (local.get $height) (local.get $top))))
      (select (local.get $wide) (i32.sub (local.get $width) (local.get $left))
        (i32.le_u (local.get $wide) (i32.sub (local.get $width) (local.get $left))))
      (local.get $bytes) (local.get $bias)
      (if (result i32) (local.get $mask)
        (then (i32.add (local.get $mask) (local.get $at)))
        (else (i32.const 0)))
      (local.get $relu))
    (local.set $tile (i32.add (local.get $tile) (i32.const 1)))
    (local.set $offset (i32.add (local.get $offset) (local.get $tileBytes)))
    (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
