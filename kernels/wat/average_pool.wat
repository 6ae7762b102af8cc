;; Global average pool: the mean of each channel over all pixels of an image, and its gradient.
;;
;;   y[c] = (sum over pixels p of x[p, c]) / pixels        dx[p, c] = dy[c] / pixels
;;
;; Memory: every number is read or written once without a multiplication, so the kernel is bound by memory. Channels are
;; adjacent, four of them form a vector, and the sum of four channels stays in one register during the loop over pixels. The
;; last one to three channels are processed one by one, in the same body: a load of one number fills the other lanes with zero.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; x: [pixels, channels] of one image, y: [channels].
  (func (export "averagePoolImage") (param $x i32) (param $y i32) (param $pixels i32) (param $channels i32)
    (local $left i32) (local $from i32) (local $row i32) (local $share v128) (local $sum v128)
    (local.set $share (f32x4.splat (f32.div (f32.const 1) (f32.convert_i32_u (local.get $pixels)))))
    (local.set $row (i32.shl (local.get $channels) (i32.const 2)))
    (loop $next
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $from (local.get $x))
      (local.set $left (local.get $pixels))
      (if (i32.ge_u (local.get $channels) (i32.const 4))
        (then
          (loop $pixel
            (local.set $sum (f32x4.add (local.get $sum) (v128.load (local.get $from))))
            (local.set $from (i32.add (local.get $from) (local.get $row)))
            (br_if $pixel (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (v128.store (local.get $y) (f32x4.mul (local.get $sum) (local.get $share)))
          (local.set $x (i32.add (local.get $x) (i32.const 16)))
          (local.set $y (i32.add (local.get $y) (i32.const 16)))
          (local.set $channels (i32.sub (local.get $channels) (i32.const 4))))
        (else
          (loop $pixel
            (local.set $sum (f32x4.add (local.get $sum) (v128.load32_zero (local.get $from))))
            (local.set $from (i32.add (local.get $from) (local.get $row)))
            (br_if $pixel (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (f32.store (local.get $y) (f32x4.extract_lane 0 (f32x4.mul (local.get $sum) (local.get $share))))
          (local.set $x (i32.add (local.get $x) (i32.const 4)))
          (local.set $y (i32.add (local.get $y) (i32.const 4)))
          (local.set $channels (i32.sub (local.get $channels) (i32.const 1)))))
      (br_if $next (local.get $channels))))

  ;; dy: [channels], dx and mask: [pixels, channels] of one image; zero where mask <= 0 (mask: 0 if there is none).
  (func (export "averagePoolGradientImage") (param $dy i32) (param $dx i32) (param $mask i32) (param $pixels i32)
    (param $channels i32)
    (local $left i32) (local $at i32) (local $offset i32) (local $row i32) (local $share v128) (local $g v128)
    (local.set $share (f32x4.splat (f32.div (f32.const 1) (f32.convert_i32_u (local.get $pixels)))))
    (local.set $row (i32.shl (local.get $channels) (i32.const 2)))
    (local.set $offset (i32.sub (local.get $mask) (local.get $dx)))
    (loop $next
      (local.set $at (local.get $dx))
      (local.set $left (local.get $pixels))
      (if (i32.ge_u (local.get $channels) (i32.const 4))
        (then
          (loop $pixel
            (local.set $g (f32x4.mul (v128.load (local.get $dy)) (local.get $share)))
            (if (local.get $mask)
              (then (local.set $g (v128.and (local.get $g) (f32x4.gt
                (v128.load (i32.add (local.get $at) (local.get $offset))) (v128.const f32x4 0 0 0 0))))))
            (v128.store (local.get $at) (local.get $g))
            (local.set $at (i32.add (local.get $at) (local.get $row)))
            (br_if $pixel (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (local.set $dy (i32.add (local.get $dy) (i32.const 16)))
          (local.set $dx (i32.add (local.get $dx) (i32.const 16)))
          (local.set $channels (i32.sub (local.get $channels) (i32.const 4))))
        (else
          (loop $pixel
            (local.set $g (f32x4.mul (v128.load32_zero (local.get $dy)) (local.get $share)))
            (if (local.get $mask)
              (then (local.set $g (v128.and (local.get $g) (f32x4.gt
                (v128.load32_zero (i32.add (local.get $at) (local.get $offset))) (v128.const f32x4 0 0 0 0))))))
            (f32.store (local.get $at) (f32x4.extract_lane 0 (local.get $g)))
            (local.set $at (i32.add (local.get $at) (local.get $row)))
            (br_if $pixel (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (local.set $dy (i32.add (local.get $dy) (i32.const 4)))
          (local.set $dx (i32.add (local.get $dx) (i32.const 4)))
          (local.set $channels (i32.sub (local.get $channels) (i32.const 1)))))
      (br_if $next (local.get $channels))))
)
