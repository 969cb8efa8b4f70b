// Cine: the slices of the active pane one after the other, over and over.

const SLICES_A_SECOND = 15;

export class Cine {
  /** @param {import('./review.js').Review} review @param {AbortSignal} signal */
  constructor(review, signal) {
    this.review = review;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    signal.addEventListener('abort', () => clearInterval(this.timer));
  }

  draw() {
    const { cine } = this.review.view;
    if (cine === (this.timer !== undefined)) return;
    clearInterval(this.timer);
    this.timer = cine ? setInterval(() => this.step(), 1000 / SLICES_A_SECOND) : undefined;
  }

  /** Waits where slices have not come yet. */
  step() {
    this.review.look(({ pane }) => {
      const next = (pane.number % pane.plane.count) + 1;
      if (this.review.isHere(pane.plane, pane.plane.ofNumber(next))) pane.showNumber(next);
    });
  }
}
