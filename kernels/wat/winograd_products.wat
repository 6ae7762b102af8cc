;; Winograd's convolution, its products: tiles of 6 x 8 as in conv2d.wat, without what happens at edges and ends there, since
;; sums here are often short (64 channels).
;;
;; Memory: per step of a sum, 6 scalars and 2 vectors from cache for 12 multiply-adds of 4 lanes.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; m[t, n] = (m[t, n] if add) + sum over c of v[t, c] u[c, n], t < rows, for `panels` panels of 8 columns: v: rows of `depth`
  ;; values, vRow bytes apart; u: panels [depth, 8], uPanel bytes apart; m: rows mRow bytes apart. Past the last row the
  ;; last is taken again (and written again, the same).
  (func (export "products") (param $v i32) (param $vRow i32) (param $rows i32) (param $u i32) (param $uPanel i32)
    (param $panels i32) (param $depth i32) (param $m i32) (param $mRow i32) (param $add i32)
    (local $w i32) (local $k i32) (local $panel i32) (local $to i32)
    (local $a v128) (local $b0 v128) (local $b1 v128)
    {{#i 0 6}}(local $r{{i}} i32) (local $p{{i}} i32) (local $c{{i}}0 v128) (local $c{{i}}1 v128) {{/i}}
    (loop $tile
      {{#i 0 6}}
      (local.set $r{{i}} (select (i32.const {{i}}) (i32.sub (local.get $rows) (i32.const 1))
        (i32.gt_s (local.get $rows) (i32.const {{i}}))))
      {{/i}}
      (local.set $panel (i32.const 0))
      (loop $next
        {{#i 0 6}}
        (local.set $p{{i}} (i32.add (local.get $v) (i32.mul (local.get $r{{i}}) (local.get $vRow))))
        (local.set $c{{i}}0 (v128.const f32x4 0 0 0 0))
        (local.set $c{{i}}1 (v128.const f32x4 0 0 0 0))
        {{/i}}
        (local.set $w (i32.add (local.get $u) (i32.mul (local.get $panel) (local.get $uPanel))))
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
        (local.set $to (i32.add (local.get $m) (i32.shl (local.get $panel) (i32.const 5))))
        (if (local.get $add) ;; before any row is written, as a last row may be several of the six
          (then
            {{#i 0 6}}
            (local.set $w (i32.add (local.get $to) (i32.mul (local.get $r{{i}}) (local.get $mRow))))
            (local.set $c{{i}}0 (f32x4.add (v128.load (local.get $w)) (local.get $c{{i}}0)))
            (local.set $c{{i}}1 (f32x4.add (v128.load offset=16 (local.get $w)) (local.get $c{{i}}1)))
            {{/i}}))
        {{#i 0 6}}
        (local.set $w (i32.add (local.get $to) (i32.mul (local.get $r{{i}}) (local.get $mRow))))
        (v128.store (local.get $w) (local.get $c{{i}}0))
        (v128.store offset=16 (local.get $w) (local.get $c{{i}}1))
        {{/i}}
        (br_if $next (i32.lt_u (local.tee $panel (i32.add (local.get $panel) (i32.const 1))) (local.get $panels))))
      (local.set $v (i32.add (local.get $v) (i32.mul (local.get $vRow) (i32.const 6))))
      (local.set $m (i32.add (local.get $m) (i32.mul (local.get $mRow) (i32.const 6))))
      (br_if $tile (i32.gt_s (local.tee $rows (i32.sub (local.get $rows) (i32.const 6))) (i32.const 0)))))
)
