;; Sums over everything and over columns. Positive and negative numbers may nearly cancel, so both sums use float64: the
;; pass is bound by memory, and the wider additions cost nothing.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; The sum of `length` floats, as a float64 at `to`.
  (func (export "sum") (param $x i32) (param $length i32) (param $to i32)
    (local $end i32) (local $a v128) (local $s0 v128) (local $s1 v128) (local $s f64)
    (local.set $end (i32.add (local.get $x) (i32.shl (i32.and (local.get $length) (i32.const -4)) (i32.const 2))))
    (block $tail
      (loop $four
        (br_if $tail (i32.ge_u (local.get $x) (local.get $end)))
        (local.set $a (v128.load (local.get $x)))
        (local.set $s0 (f64x2.add (local.get $s0) (f64x2.promote_low_f32x4 (local.get $a))))
        (local.set $s1 (f64x2.add (local.get $s1)
          (f64x2.promote_low_f32x4 (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $a) (local.get $a)))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br $four)))
    (local.set $s0 (f64x2.add (local.get $s0) (local.get $s1)))
    (local.set $s (f64.add (f64x2.extract_lane 0 (local.get $s0)) (f64x2.extract_lane 1 (local.get $s0))))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $length) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $x) (local.get $end)))
        (local.set $s (f64.add (local.get $s) (f64.promote_f32 (f32.load (local.get $x)))))
        (local.set $x (i32.add (local.get $x) (i32.const 4)))
        (br $one)))
    (f64.store (local.get $to) (local.get $s)))

  ;; The sum of `count` float64s, in order, as one float at `to`.
  (func (export "sumPartials") (param $x i32) (param $count i32) (param $to i32)
    (local $s f64)
    (loop $next
      (local.set $s (f64.add (local.get $s) (f64.load (local.get $x))))
      (local.set $x (i32.add (local.get $x) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (f32.store (local.get $to) (f32.demote_f64 (local.get $s))))

  ;; sums[j] = the sum over rows of x[row, j], j < columns; rowBytes from one row to the next.
  (func (export "columnSums") (param $x i32) (param $rows i32) (param $rowBytes i32) (param $columns i32) (param $sums i32)
    (local $at i32) (local $row i32) (local $s v128) (local $t f64)
    (block $tail
      (loop $two
        (br_if $tail (i32.lt_u (local.get $columns) (i32.const 2)))
        (local.set $s (v128.const f64x2 0 0))
        (local.set $at (local.get $x))
        (local.set $row (local.get $rows))
        (loop $next
          (local.set $s (f64x2.add (local.get $s) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          (br_if $next (local.tee $row (i32.sub (local.get $row) (i32.const 1)))))
        (v128.store64_lane 0 (local.get $sums) (f32x4.demote_f64x2_zero (local.get $s)))
        (local.set $x (i32.add (local.get $x) (i32.const 8)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
        (local.set $columns (i32.sub (local.get $columns) (i32.const 2)))
        (br $two)))
    (if (local.get $columns)
      (then
        (loop $next
          (local.set $t (f64.add (local.get $t) (f64.promote_f32 (f32.load (local.get $x)))))
          (local.set $x (i32.add (local.get $x) (local.get $rowBytes)))
          (br_if $next (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))
        (f32.store (local.get $sums) (f32.demote_f64 (local.get $t))))))
)
