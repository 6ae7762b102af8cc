;; The micro-kernel of every product: tiles of 5 rows by 8 columns, for at most 64 steps of the sum at a time,
;;
;;   out[r, n] = (out[r, n] if add) + sum over k of a[r, k] * panel[k, n]
;;
;; WebAssembly must not read beyond its memory. Outside a browser, V8 ensures this with a comparison and a jump before each load: these
;; are as many instructions as the loads themselves. Only an address that is known at compile time, and lies in the memory's declared
;; minimum, needs no check. So a panel of b (64 steps by 8 columns, 2 KB) is first copied to a fixed place for each thread, and the 64
;; steps are written out with constant addresses. Sums of fewer steps enter that code further down, eight steps at a time. Because of
;; the fixed place, every thread has its own copy of this module.
;;
;; Rows come as strips (strips.wat): five rows interleaved, so that one check covers four values. Each step uses 12 vectors: 10 sums, 2
;; of the panel. Shuffles copy the rows' values to all lanes, 5 for 10 multiply-adds, on a separate port.
;;
;; Memory: for each 10 multiply-adds of 4 lanes, a strip takes 20 bytes from the first two levels of cache, and the panel 32 from the
;; first.
(module
  (import "env" "memory" (memory {{pages}} 65536 shared))

  ;; Copies the panel [depth, 8] at `from` to its place, aligned to the end of the 64 steps; zeros pad it to a multiple
  ;; of eight steps.
  (func $place (param $from i32) (param $depth i32)
    (local $to i32)
    {{#b 0 8}}(block {{/b}}
    (br_table 0 1 2 3 4 5 6 7
      (i32.sub (i32.const 8) (i32.shr_u (i32.add (local.get $depth) (i32.const 7)) (i32.const 3))))
    {{#b 0 8}})
    {{#k 0 8}}
    (v128.store offset={{256*b+32*k}} (i32.const {{panel}}) (v128.load (local.get $from)))
    (v128.store offset={{256*b+32*k+16}} (i32.const {{panel}}) (v128.load offset=16 (local.get $from)))
    (local.set $from (i32.add (local.get $from) (i32.const 32)))
    {{/k}}
    {{/b}}
    (local.set $to (i32.sub
      (i32.const {{panel+2048}})
      (i32.shl (i32.and (i32.sub (i32.const 0) (local.get $depth)) (i32.const 7)) (i32.const 5))))
    (block $filled
      (loop $zero
        (br_if $filled (i32.eq (local.get $to) (i32.const {{panel+2048}})))
        (v128.store (local.get $to) (v128.const f32x4 0 0 0 0))
        (v128.store offset=16 (local.get $to) (v128.const f32x4 0 0 0 0))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (br $zero))))

  ;; Multiplies all strips of a, `eights` times 8 steps each, by the current panel. Missing rows of the last strip write
  ;; to the 32 bytes after the panel. (Without the branch table, V8 makes this one block of straight code; with it, the
  ;; same.)
  (func $tiles (param $a i32) (param $rows i32) (param $eights i32) (param $out i32) (param $outRow i32) (param $add i32)
    (local $s v128) (local $v v128) (local $e v128) (local $b0 v128) (local $b1 v128)
    {{#i 0 5}}(local $o{{i}} i32) (local $c{{i}}0 v128) (local $c{{i}}1 v128) {{/i}}
    (loop $strip
      {{#i 0 5}}
      (local.set $c{{i}}0 (v128.const f32x4 0 0 0 0))
      (local.set $c{{i}}1 (v128.const f32x4 0 0 0 0))
      {{/i}}
      {{#b 0 8}}(block {{/b}}(br_table 0 1 2 3 4 5 6 7 (i32.sub (i32.const 8) (local.get $eights)))
      {{#b 0 8}})
      {{#q 0 2}}
      (local.set $e (v128.load (local.get $a)))
      {{#k 0 4}}
      (local.set $b0 (v128.load offset={{256*b+128*q+32*k}} (i32.const {{panel}})))
      (local.set $b1 (v128.load offset={{256*b+128*q+32*k+16}} (i32.const {{panel}})))
      (local.set $v (v128.load offset={{16*k+16}} (local.get $a)))
      {{#i 0 4}}
      (local.set $s
        (i8x16.shuffle {{#r 0 4}}{{#j 0 4}}{{4*i+j}} {{/j}}{{/r}}(local.get $v) (local.get $v)))
      (local.set $c{{i}}0 (f32x4.madd (local.get $s) (local.get $b0) (local.get $c{{i}}0)))
      (local.set $c{{i}}1 (f32x4.madd (local.get $s) (local.get $b1) (local.get $c{{i}}1)))
      {{/i}}
      (local.set $s
        (i8x16.shuffle {{#r 0 4}}{{#j 0 4}}{{4*k+j}} {{/j}}{{/r}}(local.get $e) (local.get $e)))
      (local.set $c40 (f32x4.madd (local.get $s) (local.get $b0) (local.get $c40)))
      (local.set $c41 (f32x4.madd (local.get $s) (local.get $b1) (local.get $c41)))
      {{/k}}
      (local.set $a (i32.add (local.get $a) (i32.const 80)))
      {{/q}}
      {{/b}}
      {{#i 0 5}}
      (local.set $o{{i}} (select
        (i32.add (local.get $out) (i32.mul (local.get $outRow) (i32.const {{i}})))
        (i32.const {{panel+2048}})
        (i32.gt_s (local.get $rows) (i32.const {{i}}))))
      {{/i}}
      (if (local.get $add)
        (then
          {{#i 0 5}}
          (local.set $c{{i}}0 (f32x4.add (v128.load (local.get $o{{i}})) (local.get $c{{i}}0)))
          (local.set $c{{i}}1 (f32x4.add (v128.load offset=16 (local.get $o{{i}})) (local.get $c{{i}}1)))
          {{/i}}))
      {{#i 0 5}}
      (v128.store (local.get $o{{i}}) (local.get $c{{i}}0))
      (v128.store offset=16 (local.get $o{{i}}) (local.get $c{{i}}1))
      {{/i}}
      (local.set $out (i32.add (local.get $out) (i32.mul (local.get $outRow) (i32.const 5))))
      (br_if $strip (i32.gt_s (local.tee $rows (i32.sub (local.get $rows) (i32.const 5))) (i32.const 0)))))

  ;; out[r, n] = (out[r, n] if add) + sum over k < depth of a[r, k] b[k, n], r < rows, for `panels` panels of 8 columns. a:
  ;; strips of 64 steps (the last one may be shorter), aStretch bytes from one 64 to the next; b: panels [depth, 8], bPanel
  ;; bytes apart; out: rows outRow bytes apart.
  (func (export "products") (param $a i32) (param $aStretch i32) (param $rows i32) (param $b i32) (param $bPanel i32)
    (param $panels i32) (param $depth i32) (param $out i32) (param $outRow i32) (param $add i32)
    (local $steps i32) (local $panel i32) (local $from i32) (local $to i32)
    (loop $stretch
      (local.set $steps (select (i32.const 64) (local.get $depth) (i32.gt_u (local.get $depth) (i32.const 64))))
      (local.set $panel (local.get $panels))
      (local.set $from (local.get $b))
      (local.set $to (local.get $out))
      (loop $next
        (call $place (local.get $from) (local.get $steps))
        (call $tiles (local.get $a) (local.get $rows)
          (i32.shr_u (i32.add (local.get $steps) (i32.const 7)) (i32.const 3))
          (local.get $to) (local.get $outRow) (local.get $add))
        (local.set $from (i32.add (local.get $from) (local.get $bPanel)))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (br_if $next (local.tee $panel (i32.sub (local.get $panel) (i32.const 1)))))
      (local.set $add (i32.const 1))
      (local.set $a (i32.add (local.get $a) (local.get $aStretch)))
      (local.set $b (i32.add (local.get $b) (i32.const 2048)))
      (br_if $stretch (local.tee $depth (i32.sub (local.get $depth) (local.get $steps))))))
)
