/** 0.125 as 1/8. */
export function fraction(x: number): string {
  const inverse = 1 / x;
  return x < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-9 ? `1/${Math.round(inverse)}` : String(x);
}
