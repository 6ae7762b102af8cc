/**
 * Turns at the device: whoever has one is alone with it. They come in the order in which they are asked for, and what lasts long
 * passes its turn on now and then, so that a recording can be heard while a network learns.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for a turn. */
  async take(): Promise<Turn> {
    const turn = new Turn(this);
    await turn.retake();
    return turn;
  }

  /** Does something in a turn. */
  async with<T>(work: (turn: Turn) => Promise<T> | T): Promise<T> {
    const turn = await this.take();
    try {
      return await work(turn);
    } finally {
      turn.giveBack();
    }
  }

  /** Joins those who wait. @returns when it is one's turn: what ends it */
  async join(): Promise<() => void> {
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => end = resolve);
    await before;
    return end;
  }
}

/** A turn, which can be given back and waited for again. */
export class Turn {
  readonly #turns: Turns;
  #end = () => {};

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Lets the next one in. Once is enough, twice does no harm. */
  giveBack(): void {
    this.#end();
  }

  /** Waits for the next turn. @param unless where this is fulfilled first: none is taken */
  async retake(unless?: Promise<void>): Promise<void> {
    let taken = true;
    const joined = this.#turns.join();
    await Promise.race([joined, unless?.then(() => taken = false) ?? joined]);
    if (taken) this.#end = await joined;
    else joined.then((end) => end());
  }

  /** Lets messages in and others have their turn, those who wait now. */
  async pass(): Promise<void> {
    this.giveBack();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.retake();
  }
}
