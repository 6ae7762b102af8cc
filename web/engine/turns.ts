/**
 * Turns at the device: the owner of a turn uses the device alone. Turns are given in the order of requests. A long task passes
 * on its turn at intervals, so that a recording can be judged while a network learns.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for a turn. */
  async take(): Promise<Turn> {
    const turn = new Turn(this);
    await turn.retake();
    return turn;
  }

  /** Runs a function during a turn. */
  async with<T>(work: (turn: Turn) => Promise<T> | T): Promise<T> {
    const turn = await this.take();
    try {
      return await work(turn);
    } finally {
      turn.giveBack();
    }
  }

  /** Joins the queue. @returns a promise that resolves at one's turn, with a function that ends it */
  async join(): Promise<() => void> {
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => end = resolve);
    await before;
    return end;
  }
}

/** A turn, which can be given back and taken again. */
export class Turn {
  readonly #turns: Turns;
  #end = () => {};

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Lets the next one in. Calling it twice does no harm. */
  giveBack(): void {
    this.#end();
  }

  /** Waits for the next turn. @param unless if this resolves first, no turn is taken */
  async retake(unless?: Promise<void>): Promise<void> {
    let taken = true;
    const joined = this.#turns.join();
    await Promise.race([joined, unless?.then(() => taken = false) ?? joined]);
    if (taken) this.#end = await joined;
    else joined.then((end) => end());
  }

  /** Lets messages in, and gives a turn to each that is waiting now. */
  async pass(): Promise<void> {
    this.giveBack();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.retake();
  }
}
