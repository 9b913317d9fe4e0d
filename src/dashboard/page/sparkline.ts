const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 100;
const HEIGHT = 24;
const POINTS = 60;

/** The last minute of a number, without any axis. */
export class Sparkline {
  readonly root = document.createElementNS(NAMESPACE, 'svg');
  private readonly path = document.createElementNS(NAMESPACE, 'path');
  private readonly values: number[] = [];

  constructor() {
    this.root.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.root.setAttribute('preserveAspectRatio', 'none');
    this.root.setAttribute('aria-hidden', 'true');
    this.path.setAttribute('vector-effect', 'non-scaling-stroke');
    this.root.append(this.path);
  }

  /** The line begins with the first known value. */
  add(value: number | null): void {
    if (value === null && this.values.length === 0) return;
    this.values.push(value ?? 0);
    if (this.values.length > POINTS) this.values.shift();
    const most = Math.max(...this.values) || 1;
    const step = WIDTH / (POINTS - 1);
    const first = (POINTS - this.values.length) * step;
    const points = this.values.map((one, index) => `${(first + index * step).toFixed(2)},${this.heightOf(one / most)}`);
    // the path is closed below the visible area, so that the area is filled and its edge is not visible
    this.path.setAttribute('d', `M${first - 2},${HEIGHT + 3}L${points.join('L')}L${WIDTH + 2},${HEIGHT + 3}`);
  }

  private heightOf(share: number): string {
    return (HEIGHT - 2 - share * (HEIGHT - 5)).toFixed(2);
  }
}
