;; 2x2 max pool, stride 2, and its gradient, one row of windows at a time, four channels at a time. Each value moves once, so
;; the kernel is bound by memory. Channels beyond a multiple of four are processed one by one with the same instructions on
;; one lane.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; y [columns, pixel bytes] = the largest of each window; x: the upper of two rows, rowBytes apart.
  (func (export "maxPoolRow") (param $x i32) (param $y i32) (param $columns i32) (param $pixel i32) (param $rowBytes i32)
    (local $end i32) (local $below i32)
    (loop $window
      (local.set $end (i32.add (local.get $y) (i32.and (local.get $pixel) (i32.const -16))))
      (local.set $below (i32.add (local.get $x) (local.get $rowBytes)))
      (block $tail
        (loop $next
          (br_if $tail (i32.ge_u (local.get $y) (local.get $end)))
          (v128.store (local.get $y) (f32x4.max
            (f32x4.max (v128.load (local.get $x)) (v128.load (i32.add (local.get $x) (local.get $pixel))))
            (f32x4.max (v128.load (local.get $below)) (v128.load (i32.add (local.get $below) (local.get $pixel))))))
          (local.set $x (i32.add (local.get $x) (i32.const 16)))
          (local.set $below (i32.add (local.get $below) (i32.const 16)))
          (local.set $y (i32.add (local.get $y) (i32.const 16)))
          (br $next)))
      (local.set $end (i32.add (local.get $end) (i32.and (local.get $pixel) (i32.const 12))))
      (block $done
        (loop $one
          (br_if $done (i32.ge_u (local.get $y) (local.get $end)))
          (f32.store (local.get $y) (f32.max
            (f32.max (f32.load (local.get $x)) (f32.load (i32.add (local.get $x) (local.get $pixel))))
            (f32.max (f32.load (local.get $below)) (f32.load (i32.add (local.get $below) (local.get $pixel))))))
          (local.set $x (i32.add (local.get $x) (i32.const 4)))
          (local.set $below (i32.add (local.get $below) (i32.const 4)))
          (local.set $y (i32.add (local.get $y) (i32.const 4)))
          (br $one)))
      (local.set $x (i32.add (local.get $x) (local.get $pixel))) ;; now at the end of the window's right pixel
      (br_if $window (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))

  ;; dx of the two rows under one row of windows: dy goes to the first largest in reading order, the rest are zero, and all are
  ;; zero where mask <= 0 (mask: 0 if there is none; same layout as x). Pixels outside windows are not written.
  (func (export "maxPoolGradientRow") (param $x i32) (param $dy i32) (param $dx i32) (param $mask i32) (param $columns i32)
    (param $pixel i32) (param $rowBytes i32)
    (local $at i32) (local $step i32) (local $here i32) (local $d v128) (local $largest v128) (local $g v128)
    {{#q 0 4}}(local $o{{q}} i32) (local $x{{q}} v128) {{/q}}
    (local.set $o1 (local.get $pixel))
    (local.set $o2 (local.get $rowBytes))
    (local.set $o3 (i32.add (local.get $pixel) (local.get $rowBytes)))
    (loop $window
      (local.set $at (i32.const 0))
      (loop $next
        (if (i32.ge_u (i32.sub (local.get $pixel) (local.get $at)) (i32.const 16))
          (then
            (local.set $step (i32.const 16))
            (local.set $d (v128.load (local.get $dy)))
            {{#q 0 4}}(local.set $x{{q}} (v128.load (i32.add (local.get $x) (local.get $o{{q}})))) {{/q}})
          (else
            (local.set $step (i32.const 4))
            (local.set $d (v128.load32_zero (local.get $dy)))
            {{#q 0 4}}(local.set $x{{q}} (v128.load32_zero (i32.add (local.get $x) (local.get $o{{q}})))) {{/q}}))
        (local.set $largest (f32x4.max
          (f32x4.max (local.get $x0) (local.get $x1)) (f32x4.max (local.get $x2) (local.get $x3))))
        {{#q 0 4}}
        ;; $d is the gradient still to assign: the first pixel that takes it clears it for the others
        (local.set $g (v128.and (local.get $d) (f32x4.eq (local.get $x{{q}}) (local.get $largest))))
        (local.set $d (v128.andnot (local.get $d) (f32x4.eq (local.get $x{{q}}) (local.get $largest))))
        (local.set $here (i32.add (local.get $dx) (local.get $o{{q}})))
        (if (i32.eq (local.get $step) (i32.const 16))
          (then
            (if (local.get $mask)
              (then (local.set $g (v128.andnot (local.get $g) (f32x4.le
                (v128.load (i32.add (local.get $mask) (local.get $o{{q}}))) (v128.const f32x4 0 0 0 0))))))
            (v128.store (local.get $here) (local.get $g)))
          (else
            (if (local.get $mask)
              (then (local.set $g (v128.andnot (local.get $g) (f32x4.le
                (v128.load32_zero (i32.add (local.get $mask) (local.get $o{{q}}))) (v128.const f32x4 0 0 0 0))))))
            (f32.store (local.get $here) (f32x4.extract_lane 0 (local.get $g)))))
        {{/q}}
        (local.set $x (i32.add (local.get $x) (local.get $step)))
        (local.set $dx (i32.add (local.get $dx) (local.get $step)))
        (local.set $dy (i32.add (local.get $dy) (local.get $step)))
        (if (local.get $mask) (then (local.set $mask (i32.add (local.get $mask) (local.get $step)))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (local.get $step))) (local.get $pixel))))
      (local.set $x (i32.add (local.get $x) (local.get $pixel)))
      (local.set $dx (i32.add (local.get $dx) (local.get $pixel)))
      (if (local.get $mask) (then (local.set $mask (i32.add (local.get $mask) (local.get $pixel)))))
      (br_if $window (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))
)
