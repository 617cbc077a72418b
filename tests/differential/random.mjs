// Chance that a seed decides: the same operations in every run.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // From 0, below 1 (mulberry32).
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(count) {
    return Math.floor(this.next() * count);
  }

  of(choices) {
    return choices[this.below(choices.length)];
  }

  bytes(count) {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
