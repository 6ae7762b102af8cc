/** The cursor in the picture, moved by mouse, finger and keys. */
import type { Scene } from "./scene.ts";

/** Seconds that an arrow key moves the cursor, and the least that a page key does. */
const STEP = 0.05, LEAP = 0.5;
/** Most presses of a page key from one end to the other. */
const LEAPS = 25;

/** The actions of a hand. */
export interface Hand {
  /** Whether there is anything to move in. */
  movable(): boolean;
  /** Moves the cursor to a time, in seconds; the scene limits it. */
  move(seconds: number): void;
  /** Plays or pauses. */
  toggle(): void;
  /** The mouse is over a time, or undefined if over none. */
  point(seconds: number | undefined): void;
}

/** Lets the user move the cursor. */
export function moveByHand(canvas: HTMLCanvasElement, scene: Scene, hand: Hand): void {
  const time = (event: PointerEvent) => scene.timeAt(event.offsetX, canvas.clientWidth);
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (hand.movable()) hand.move(time(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!hand.movable()) return;
    if (event.buttons & 1) hand.move(time(event));
    else if (event.pointerType === "mouse") hand.point(time(event));
  });
  canvas.addEventListener("pointerleave", () => hand.point(undefined));
  canvas.addEventListener("keydown", (event) => {
    const leap = Math.max(LEAP, scene.seconds / LEAPS);
    const moves: Record<string, number> = {
      ArrowLeft: scene.cursor - STEP,
      ArrowDown: scene.cursor - STEP,
      ArrowRight: scene.cursor + STEP,
      ArrowUp: scene.cursor + STEP,
      PageDown: scene.cursor - leap,
      PageUp: scene.cursor + leap,
      Home: 0,
      End: scene.seconds,
    };
    if (event.key === " ") hand.toggle();
    else if (event.key in moves && hand.movable()) hand.move(moves[event.key]);
    else return;
    event.preventDefault();
  });
}
