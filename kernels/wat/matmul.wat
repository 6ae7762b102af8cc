;; Helpers of the matrix product: columns of b are packed into panels for gemm.wat. Transposed data is moved in blocks of 4x4, so that each
;; line of memory is read, and written, at least 16 bytes at a time.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; to[j, i] = from[i, j] for i < rows, j < columns; fromStride bytes between rows of `from`, toStride between rows of `to`.
  (func $transpose (export "transpose") (param $from i32) (param $to i32) (param $rows i32) (param $columns i32)
    (param $fromStride i32) (param $toStride i32)
    (local $left i32) (local $at i32) (local $next i32) (local $out i32)
    {{#k 0 4}}(local $p{{k}} v128) (local $t{{k}} v128) {{/k}}
    (block $rest
      (loop $rows4
        (br_if $rest (i32.lt_u (local.get $rows) (i32.const 4)))
        (local.set $at (local.get $from))
        (local.set $out (local.get $to))
        (local.set $left (local.get $columns))
        (block $ragged
          (loop $columns4
            (br_if $ragged (i32.lt_u (local.get $left) (i32.const 4)))
            (local.set $next (local.get $at))
            {{#k 0 4}}
            (local.set $p{{k}} (v128.load (local.get $next)))
            (local.set $next (i32.add (local.get $next) (local.get $fromStride)))
            {{/k}}
            (local.set $t0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $p0) (local.get $p1)))
            (local.set $t1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $p0) (local.get $p1)))
            (local.set $t2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $p2) (local.get $p3)))
            (local.set $t3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $p2) (local.get $p3)))
            (local.set $p0 (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t0) (local.get $t2)))
            (local.set $p1 (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t0) (local.get $t2)))
            (local.set $p2 (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t1) (local.get $t3)))
            (local.set $p3 (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t1) (local.get $t3)))
            {{#k 0 4}}
            (v128.store (local.get $out) (local.get $p{{k}}))
            (local.set $out (i32.add (local.get $out) (local.get $toStride)))
            {{/k}}
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (local.set $left (i32.sub (local.get $left) (i32.const 4)))
            (br $columns4)))
        (block $done
          (loop $one
            (br_if $done (i32.eqz (local.get $left)))
            (local.set $next (local.get $at))
            {{#k 0 4}}
            (f32.store offset={{4*k}} (local.get $out) (f32.load (local.get $next)))
            (local.set $next (i32.add (local.get $next) (local.get $fromStride)))
            {{/k}}
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $out (i32.add (local.get $out) (local.get $toStride)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $one)))
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $fromStride) (i32.const 2))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 4)))
        (br $rows4)))
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $at (local.get $from))
        (local.set $out (local.get $to))
        (local.set $left (local.get $columns))
        (loop $one
          (f32.store (local.get $out) (f32.load (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $out (i32.add (local.get $out) (local.get $toStride)))
          (br_if $one (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.set $from (i32.add (local.get $from) (local.get $fromStride)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row))))

  ;; Panels to[ceil(columns / 8), depth, 8] of b [depth, columns], `stride` bytes a row. Missing columns of the last panel
  ;; keep their old contents: their results are not used.
  (func (export "packColumns") (param $from i32) (param $to i32) (param $depth i32) (param $columns i32) (param $stride i32)
    (local $left i32) (local $at i32) (local $out i32) (local $panel i32)
    (local.set $panel (i32.shl (local.get $depth) (i32.const 5)))
    (loop $row
      (local.set $at (local.get $from))
      (local.set $out (local.get $to))
      (local.set $left (local.get $columns))
      (loop $next ;; beyond the row's end it reads the following bytes, at most 28
        (v128.store (local.get $out) (v128.load (local.get $at)))
        (v128.store offset=16 (local.get $out) (v128.load offset=16 (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $out (i32.add (local.get $out) (local.get $panel)))
        (br_if $next (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 8))) (i32.const 0))))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $row (local.tee $depth (i32.sub (local.get $depth) (i32.const 1))))))

  ;; The same for b stored as its transpose, [columns, depth].
  (func (export "packRows") (param $from i32) (param $to i32) (param $depth i32) (param $columns i32) (param $stride i32)
    (local $part i32)
    (loop $panel
      (local.set $part (select (i32.const 8) (local.get $columns) (i32.gt_s (local.get $columns) (i32.const 8))))
      (call $transpose (local.get $from) (local.get $to) (local.get $part) (local.get $depth) (local.get $stride)
        (i32.const 32))
      (local.set $from (i32.add (local.get $from) (i32.shl (local.get $stride) (i32.const 3))))
      (local.set $to (i32.add (local.get $to) (i32.shl (local.get $depth) (i32.const 5))))
      (br_if $panel (i32.gt_s (local.tee $columns (i32.sub (local.get $columns) (i32.const 8))) (i32.const 0)))))
)
