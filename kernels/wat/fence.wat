;; A fence: when the workers reach it, all work enqueued before is done, and the waiters are notified.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; Increments the counter at `word` and wakes all threads that wait on it.
  (func (export "fence") (param $word i32)
    (drop (i32.atomic.rmw.add (local.get $word) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $word) (i32.const -1))))
)
