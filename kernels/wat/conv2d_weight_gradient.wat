;; Gradient of a 3x3 convolution's weights:
;;
;;   dW[i, j, c, n] = sum over pixels (r, q) of x[r + i - 1, q + j - 1, c] * dy[r, q, n]      (x is zero outside the image)
;;
;; A product of 9C rows by 8 columns at a time, summed over pixels. The tiles of conv2d.wat compute it (row: a weight's i, j, c;
;; k: the pixel) if x is stored with adjacent pixels instead of adjacent channels. This file makes such planes, block by block,
;; in three copies: shifted by one column to the left, not shifted, and shifted to the right (j), with a row above and below (i
;; is a shift by whole rows). The copy moves 12 bytes for each value of x, which is then used in 9 * channelsOut multiply-adds.
(module
  (import "env" "memory" (memory 1 65536 shared))

  (func $zero (param $at i32) (param $count i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (f32.store (local.get $at) (f32.const 0))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next))))

  ;; Copies one row [width, channels] to its place in 3 * channels planes, `plane` bytes apart; widths and channels that are not
  ;; multiples of 4, one value at a time. The shifted stores extend one value beyond a row's ends, where zeros are written
  ;; afterwards: rows come from the first to the last, and planes are at least one value apart.
  (func $row (param $from i32) (param $to i32) (param $width i32) (param $channels i32) (param $plane i32)
    (local $c i32) (local $q i32) (local $at i32) (local $out i32) (local $middle i32) (local $right i32) (local $pixel i32)
    (local $rowEnd i32)
    {{#k 0 4}}(local $p{{k}} v128) (local $t{{k}} v128) {{/k}}
    (local.set $pixel (i32.shl (local.get $channels) (i32.const 2)))
    (local.set $middle (i32.mul (local.get $plane) (local.get $channels)))
    (local.set $right (i32.shl (local.get $middle) (i32.const 1)))
    (local.set $rowEnd (i32.sub (i32.shl (local.get $width) (i32.const 2)) (i32.const 4)))
    (if (i32.eqz (i32.and (i32.or (local.get $width) (local.get $channels)) (i32.const 3)))
      (then
        (local.set $c (local.get $channels))
        (loop $four
          (local.set $at (local.get $from))
          (local.set $q (i32.const 0))
          (loop $pixels
            {{#k 0 4}}
            (local.set $p{{k}} (v128.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (local.get $pixel)))
            {{/k}}
            ;; four pixels of four channels become four channels of four pixels
            (local.set $t0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $p0) (local.get $p1)))
            (local.set $t1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $p0) (local.get $p1)))
            (local.set $t2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $p2) (local.get $p3)))
            (local.set $t3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $p2) (local.get $p3)))
            (local.set $p0 (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t0) (local.get $t2)))
            (local.set $p1 (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t0) (local.get $t2)))
            (local.set $p2 (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t1) (local.get $t3)))
            (local.set $p3 (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t1) (local.get $t3)))
            (local.set $out (i32.add (local.get $to) (local.get $q)))
            {{#k 0 4}}
            (v128.store offset=4 (local.get $out) (local.get $p{{k}}))
            (v128.store (i32.add (local.get $out) (local.get $middle)) (local.get $p{{k}}))
            (v128.store (i32.sub (i32.add (local.get $out) (local.get $right)) (i32.const 4)) (local.get $p{{k}}))
            (local.set $out (i32.add (local.get $out) (local.get $plane)))
            {{/k}}
            (br_if $pixels (i32.lt_u
              (local.tee $q (i32.add (local.get $q) (i32.const 16)))
              (local.get $rowEnd))))
          {{#k 0 4}}
          (f32.store (local.get $to) (f32.const 0))
          (local.set $out (i32.add (local.get $to) (local.get $right)))
          (f32.store (i32.sub (local.get $out) (i32.const 4)) (f32.const 0))
          (f32.store (i32.add (local.get $out) (local.get $rowEnd)) (f32.const 0))
          (local.set $to (i32.add (local.get $to) (local.get $plane)))
          {{/k}}
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $four (local.tee $c (i32.sub (local.get $c) (i32.const 4))))))
      (else
        (local.set $c (local.get $channels))
        (loop $channel
          (local.set $at (local.get $from))
          (local.set $out (local.get $to))
          (local.set $q (local.get $width))
          (loop $pixels
            (f32.store offset=4 (local.get $out) (f32.load (local.get $at)))
            (f32.store (i32.add (local.get $out) (local.get $middle)) (f32.load (local.get $at)))
            (f32.store (i32.sub (i32.add (local.get $out) (local.get $right)) (i32.const 4)) (f32.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (local.get $pixel)))
            (local.set $out (i32.add (local.get $out) (i32.const 4)))
            (br_if $pixels (local.tee $q (i32.sub (local.get $q) (i32.const 1)))))
          (f32.store (local.get $to) (f32.const 0))
          (local.set $out (i32.add (local.get $to) (local.get $right)))
          (f32.store (i32.sub (local.get $out) (i32.const 4)) (f32.const 0))
          (f32.store (i32.add (local.get $out) (local.get $rowEnd)) (f32.const 0))
          (local.set $to (i32.add (local.get $to) (local.get $plane)))
          (local.set $from (i32.add (local.get $from) (i32.const 4)))
          (br_if $channel (local.tee $c (i32.sub (local.get $c) (i32.const 1))))))))

  ;; Rows [row0 - 1, row0 + rows] of `images` images [height, width, channels], zero outside, as planes to: [3 shifts,
  ;; channels, images, rows + 2, width], planes (of one shift and channel) `plane` bytes apart.
  (func (export "shiftedPlanes") (param $from i32) (param $to i32) (param $images i32) (param $height i32)
    (param $width i32) (param $channels i32) (param $row0 i32) (param $rows i32) (param $plane i32)
    (local $row i32) (local $end i32) (local $rowBytes i32) (local $c i32) (local $at i32)
    (local.set $rowBytes (i32.shl (i32.mul (local.get $width) (local.get $channels)) (i32.const 2)))
    (local.set $end (i32.add (local.get $row0) (local.get $rows)))
    (loop $image
      (local.set $row (i32.sub (local.get $row0) (i32.const 1)))
      (loop $line
        (if (i32.lt_u (local.get $row) (local.get $height)) ;; unsigned: row -1 is outside too
          (then
            (call $row
              (i32.add (local.get $from) (i32.mul (local.get $row) (local.get $rowBytes)))
              (local.get $to) (local.get $width) (local.get $channels) (local.get $plane)))
          (else
            (local.set $c (i32.mul (local.get $channels) (i32.const 3)))
            (local.set $at (local.get $to))
            (loop $plane
              (call $zero (local.get $at) (local.get $width))
              (local.set $at (i32.add (local.get $at) (local.get $plane)))
              (br_if $plane (local.tee $c (i32.sub (local.get $c) (i32.const 1)))))))
        (local.set $to (i32.add (local.get $to) (i32.shl (local.get $width) (i32.const 2))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br_if $line (i32.le_s (local.get $row) (local.get $end))))
      (local.set $from (i32.add (local.get $from) (i32.mul (local.get $height) (local.get $rowBytes))))
      (br_if $image (local.tee $images (i32.sub (local.get $images) (i32.const 1))))))

  ;; Start of each of the 9C rows of dW in those planes, repeated to a multiple of 6: table[i, j, c].
  (func (export "weightTable") (param $table i32) (param $planes i32) (param $channels i32) (param $plane i32)
    (param $rowBytes i32)
    (local $i i32) (local $left i32) (local $at i32)
    (loop $shift
      (local.set $at (i32.add (local.get $planes) (i32.mul (local.get $i) (local.get $rowBytes))))
      (local.set $left (i32.mul (local.get $channels) (i32.const 3)))
      (loop $next
        (i32.store (local.get $table) (local.get $at))
        (local.set $table (i32.add (local.get $table) (i32.const 4)))
        (local.set $at (i32.add (local.get $at) (local.get $plane)))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if $shift (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (local.set $left (i32.const 5)) ;; at most this many are missing
    (loop $repeat
      (i32.store (local.get $table) (i32.load (i32.sub (local.get $table) (i32.const 4))))
      (local.set $table (i32.add (local.get $table) (i32.const 4)))
      (br_if $repeat (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  ;; sums[8 * panels] of the columns of dy [count, dyStride bytes], written if first, otherwise added.
  (func (export "biasSums") (param $dy i32) (param $count i32) (param $dyStride i32) (param $panels i32) (param $sums i32)
    (param $first i32)
    (local $d i32) (local $n i32) (local $s0 v128) (local $s1 v128)
    (loop $panel
      (local.set $s0 (v128.const f32x4 0 0 0 0))
      (local.set $s1 (v128.const f32x4 0 0 0 0))
      (local.set $d (local.get $dy))
      (local.set $n (local.get $count))
      (loop $next
        (local.set $s0 (f32x4.add (local.get $s0) (v128.load (local.get $d))))
        (local.set $s1 (f32x4.add (local.get $s1) (v128.load offset=16 (local.get $d))))
        (local.set $d (i32.add (local.get $d) (local.get $dyStride)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (if (i32.eqz (local.get $first))
        (then
          (local.set $s0 (f32x4.add (local.get $s0) (v128.load (local.get $sums))))
          (local.set $s1 (f32x4.add (local.get $s1) (v128.load offset=16 (local.get $sums))))))
      (v128.store (local.get $sums) (local.get $s0))
      (v128.store offset=16 (local.get $sums) (local.get $s1))
      (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
      (local.set $dy (i32.add (local.get $dy) (i32.const 32)))
      (br_if $panel (local.tee $panels (i32.sub (local.get $panels) (i32.const 1))))))

  ;; to[i] = the sum over `splits` partials, splitStride bytes apart, in order; i < length. Reads, but never writes, up to 12
  ;; bytes beyond the end.
  (func (export "reducePartials") (param $from i32) (param $splitStride i32) (param $splits i32) (param $to i32)
    (param $length i32)
    (local $at i32) (local $s i32) (local $sum v128)
    (block $done
      (loop $next
        (br_if $done (i32.le_s (local.get $length) (i32.const 0)))
        (local.set $sum (v128.load (local.get $from)))
        (local.set $at (local.get $from))
        (local.set $s (local.get $splits))
        (block $summed
          (loop $split
            (br_if $summed (i32.eqz (local.tee $s (i32.sub (local.get $s) (i32.const 1)))))
            (local.set $at (i32.add (local.get $at) (local.get $splitStride)))
            (local.set $sum (f32x4.add (local.get $sum) (v128.load (local.get $at))))
            (br $split)))
        (if (i32.ge_s (local.get $length) (i32.const 4))
          (then (v128.store (local.get $to) (local.get $sum)))
          (else
            (f32.store (local.get $to) (f32x4.extract_lane 0 (local.get $sum)))
            (if (i32.ge_s (local.get $length) (i32.const 2))
              (then (f32.store offset=4 (local.get $to) (f32x4.extract_lane 1 (local.get $sum)))))
            (if (i32.ge_s (local.get $length) (i32.const 3))
              (then (f32.store offset=8 (local.get $to) (f32x4.extract_lane 2 (local.get $sum)))))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $length (i32.sub (local.get $length) (i32.const 4)))
        (br $next))))
)
