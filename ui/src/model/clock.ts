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
      const rate = (engine - this.first.engine) / passed;
      this.rate = rate >= FASTER ? Math.round(rate) : 1;
      // A clock that was set, or a laptop that slept, must not bend the rate for long.
      this.first = this.last;
    }
    this.last = reading;
  }

  /** The engine's time when the page's clock says `page`. */
  at(page: number): number {
    if (!this.last) return page;
    return this.last.engine + (page - this.last.page) * this.rate;
  }
}
