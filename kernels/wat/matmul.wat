;; Helpers of the matrix product: its tiles are those of conv2d.wat (a product is a convolution of one tap), which read the
;; rows of a in place. A transposed a is first laid out as rows.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; to[i, j] = from[j, i] for i < rows, j < columns; strides in bytes. Four columns at a time share a line of `from`.
  (func (export "transpose") (param $from i32) (param $to i32) (param $rows i32) (param $columns i32) (param $fromStride i32)
    (param $toStride i32)
    (local $i i32) (local $j i32) (local $at i32) (local $out i32)
    (loop $row
      (local.set $at (local.get $from))
      (local.set $out (local.get $to))
      (local.set $j (local.get $columns))
      (loop $column
        (f32.store (local.get $out) (f32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br_if $column (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (local.set $to (i32.add (local.get $to) (local.get $toStride)))
      (br_if $row (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $rows)))))

  ;; table[i] = base + i * stride for i < count, the last repeated to a multiple of 6.
  (func (export "rowTable") (param $table i32) (param $base i32) (param $stride i32) (param $count i32)
    (local $i i32)
    (loop $next
      (i32.store (local.get $table) (local.get $base))
      (local.set $table (i32.add (local.get $table) (i32.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.lt_u (local.get $i) (local.get $count))
        (then (local.set $base (i32.add (local.get $base) (local.get $stride)))))
      (br_if $next (i32.or
        (i32.lt_u (local.get $i) (local.get $count))
        (i32.ne (i32.rem_u (local.get $i) (i32.const 6)) (i32.const 0))))))
)
