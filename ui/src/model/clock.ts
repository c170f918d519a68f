// The engine's clock as the window follows it: it may be set differently from the page's own, and in
// the demo it runs faster.

interface Reading {
  engine: number;
  page: number;
}

/** Readings nearer than this say nothing about speed: an answer takes its time. */
const APART_MS = 900;
/** Below this the clock counts as an ordinary one. */
const FASTER = 1.5;
/** Rates that differ by less are one clock, read a moment late. */
const SAME = 0.25;

export class EngineClock {
  private last: Reading | null = null;
  private first: Reading | null = null;
  /** Whole times as fast as life. */
  rate = 1;

  /** The engine said its time when the page's clock said `page`. */
  read(engine: number, page: number): void {
    const reading = { engine, page };
    this.first ??= reading;
    const passed = page - this.first.page;
    if (passed >= APART_MS) {
      const measured = (engine - this.first.engine) / passed;
      const rate = measured >= FASTER ? Math.round(measured) : 1;
      // The longer it is watched, the less a late answer counts; but a clock that was set must not
      // bend the rate for long.
      if (Math.abs(rate - this.rate) > this.rate * SAME) this.first = reading;
      this.rate = rate;
    }
    this.last = reading;
  }

  /** The engine's time when the page's clock says `page`. */
  at(page: number): number {
    if (!this.last) return page;
    return this.last.engine + (page - this.last.page) * this.rate;
  }
}
