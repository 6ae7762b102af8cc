;; Strips: the rows of a product's left matrix in the layout that gemm.wat reads. Five rows are interleaved, [depth / 4, 5, 4]:
;; for each four steps of the sum a vector of the fifth row (its four steps), then for each step a vector of the other four
;; rows. Zeros pad a strip to a multiple of eight steps. So a strip takes 160 bytes for each eight steps.
;;
;; Memory: each value is read once and written once; a strip then serves all columns.
(module
  (import "env" "memory" (memory 1 65536 shared))

  (func $zero (param $at i32)
    {{#i 0 5}}(v128.store offset={{16*i}} (local.get $at) (v128.const f32x4 0 0 0 0))
    {{/i}})

  ;; Packs strips from row-major data: row r is at from + r * fromRow, each with `depth` values; the strips are written one
  ;; after the other at `to`. Missing rows of the last strip repeat the last row. Repeats this `count` times, fromStep and
  ;; toStep bytes further each time.
  (func (export "packStrips") (param $from i32) (param $fromRow i32) (param $rows i32) (param $depth i32) (param $to i32)
    (param $count i32) (param $fromStep i32) (param $toStep i32)
    (local $left i32) (local $k i32) (local $row i32) (local $out i32) (local $fifth i32) (local $four i32)
    {{#i 0 5}}(local $p{{i}} i32) (local $r{{i}} v128) {{/i}}{{#i 0 4}}(local $t{{i}} v128) {{/i}}
    (loop $again
      (local.set $left (local.get $rows))
      (local.set $row (local.get $from))
      (local.set $out (local.get $to))
      (loop $strip
        {{#i 0 5}}
        (local.set $p{{i}} (local.get $row))
        (if (i32.gt_s (local.get $left) (i32.const {{i+1}}))
          (then (local.set $row (i32.add (local.get $row) (local.get $fromRow)))))
        {{/i}}
        (local.set $k (local.get $depth))
        (block $ragged
          (loop $next
            (br_if $ragged (i32.lt_u (local.get $k) (i32.const 4)))
            {{#i 0 5}}
            (local.set $r{{i}} (v128.load (local.get $p{{i}})))
            (local.set $p{{i}} (i32.add (local.get $p{{i}}) (i32.const 16)))
            {{/i}}
            ;; four rows of four steps become four steps of four rows
            (local.set $t0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $r0) (local.get $r1)))
            (local.set $t1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $r0) (local.get $r1)))
            (local.set $t2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $r2) (local.get $r3)))
            (local.set $t3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $r2) (local.get $r3)))
            (v128.store (local.get $out) (local.get $r4))
            (v128.store offset=16 (local.get $out)
              (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t0) (local.get $t2)))
            (v128.store offset=32 (local.get $out)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t0) (local.get $t2)))
            (v128.store offset=48 (local.get $out)
              (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t1) (local.get $t3)))
            (v128.store offset=64 (local.get $out)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t1) (local.get $t3)))
            (local.set $out (i32.add (local.get $out) (i32.const 80)))
            (local.set $k (i32.sub (local.get $k) (i32.const 4)))
            (br $next)))
        (if (local.get $k) ;; one to three more steps
          (then
            (call $zero (local.get $out))
            (local.set $fifth (local.get $out))
            (local.set $four (local.get $out))
            (loop $one
              (f32.store (local.get $fifth) (f32.load (local.get $p4)))
              {{#i 0 4}}(f32.store offset={{4*i+16}} (local.get $four) (f32.load (local.get $p{{i}})))
              {{/i}}
              {{#i 0 5}}(local.set $p{{i}} (i32.add (local.get $p{{i}}) (i32.const 4)))
              {{/i}}
              (local.set $fifth (i32.add (local.get $fifth) (i32.const 4)))
              (local.set $four (i32.add (local.get $four) (i32.const 16)))
              (br_if $one (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
            (local.set $out (i32.add (local.get $out) (i32.const 80)))))
        (if (i32.eqz (i32.and (i32.sub (local.get $depth) (i32.const 1)) (i32.const 4)))
          (then ;; the last group of eight is half full
            (call $zero (local.get $out))
            (local.set $out (i32.add (local.get $out) (i32.const 80)))))
        (br_if $strip (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 5))) (i32.const 0))))
      (local.set $from (i32.add (local.get $from) (local.get $fromStep)))
      (local.set $to (i32.add (local.get $to) (local.get $toStep)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; Packs strips from column-major data: row r's value of step k is at from + k * fromStep + 4 r. Missing rows of the last
  ;; strip take the bytes that follow, up to 20.
  (func (export "packStripsOfSteps") (param $from i32) (param $fromStep i32) (param $rows i32) (param $depth i32)
    (param $to i32)
    (local $k i32) (local $at i32) (local $out i32) (local $fifth i32) (local $e v128)
    (local.set $out (local.get $to))
    (loop $strip
      (local.set $k (local.get $depth))
      (local.set $at (local.get $from))
      (block $ragged
        (loop $next
          (br_if $ragged (i32.lt_u (local.get $k) (i32.const 4)))
          {{#k 0 4}}
          (v128.store offset={{16*k+16}} (local.get $out) (v128.load (local.get $at)))
          (local.set $e (v128.load32_lane offset=16 {{k}} (local.get $at) (local.get $e)))
          (local.set $at (i32.add (local.get $at) (local.get $fromStep)))
          {{/k}}
          (v128.store (local.get $out) (local.get $e))
          (local.set $out (i32.add (local.get $out) (i32.const 80)))
          (local.set $k (i32.sub (local.get $k) (i32.const 4)))
          (br $next)))
      (if (local.get $k)
        (then
          (call $zero (local.get $out))
          (local.set $fifth (local.get $out))
          (local.set $to (local.get $out))
          (loop $one
            (v128.store offset=16 (local.get $to) (v128.load (local.get $at)))
            (f32.store (local.get $fifth) (f32.load offset=16 (local.get $at)))
            (local.set $at (i32.add (local.get $at) (local.get $fromStep)))
            (local.set $fifth (i32.add (local.get $fifth) (i32.const 4)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br_if $one (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
          (local.set $out (i32.add (local.get $out) (i32.const 80)))))
      (if (i32.eqz (i32.and (i32.sub (local.get $depth) (i32.const 1)) (i32.const 4)))
        (then
          (call $zero (local.get $out))
          (local.set $out (i32.add (local.get $out) (i32.const 80)))))
      (local.set $from (i32.add (local.get $from) (i32.const 20)))
      (br_if $strip (i32.gt_s (local.tee $rows (i32.sub (local.get $rows) (i32.const 5))) (i32.const 0)))))
)
