const NAMES = [
  'requests_total',
  'memory_bytes',
  'limit_bytes',
  'kinds',
  'ended_total',
  'seconds_bucket',
  'mixed',
  'info',
];
const LABELS = ['job', 'instance', 'code', 'le', 'n', 'nosuch'];
const VALUES: Readonly<Record<string, string[]>> = {
  job: ['api', 'web', 'a.+', 'api|web', ''],
  instance: ['a', 'b', '[ab]', '.*'],
  code: ['200', '500', '5..'],
  le: ['0.1', '+Inf', '1'],
  n: ['1', '[1-3]'],
  nosuch: ['', 'x'],
};
const OVER_TIME = `avg sum min max count last present stddev stdvar`.split(' ').map((name) => `${name}_over_time`);
const OF_RANGE = [...OVER_TIME, ...'rate increase delta idelta irate deriv changes resets'.split(' ')];
const OF_VECTOR = 'abs ceil floor sgn sqrt ln exp round timestamp sort absent hour minute atan log2'.split(' ');
const AGGREGATIONS = 'sum min max avg group stddev stdvar count'.split(' ');
/** Without %, which makes of the last digit of a power a large difference. */
const ARITHMETIC = ['+', '-', '*', '/', '^', 'atan2'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

/** Makes expressions that have the right types, out of all that the grammar has. */
export class Generator {
  constructor(
    private readonly random: () => number,
    private readonly times: readonly number[],
  ) {}

  vector(depth: number): string {
    if (depth === 0) return this.selector() + this.shift();
    return this.one<() => string>([
      () => this.vector(0),
      () => `${this.one(OF_VECTOR)}(${this.vector(depth - 1)})`,
      () => `${this.one(OF_RANGE)}(${this.range(depth - 1)})`,
      () => `${this.one(OF_RANGE)}(${this.range(depth - 1)})`,
      () => `quantile_over_time(${this.scalar(depth - 1)}, ${this.range(depth - 1)})`,
      () => `predict_linear(${this.range(depth - 1)}, ${this.scalar(0)})`,
      () => this.aggregate(depth - 1),
      () => this.aggregate(depth - 1),
      () => this.binary(depth - 1),
      () => this.binary(depth - 1),
      () => `(${this.vector(depth - 1)})`,
      () => `-${this.vector(depth - 1)}`,
      () => `clamp(${this.vector(depth - 1)}, ${this.scalar(0)}, ${this.scalar(0)})`,
      () => `histogram_quantile(${this.scalar(0)}, ${this.vector(depth - 1)})`,
      () => `label_replace(${this.vector(depth - 1)}, "x", "$1", "${this.one(LABELS)}", "(.).*")`,
      () => `vector(${this.scalar(depth - 1)})`,
      () => `${this.vector(0)} % ${this.scalar(0)}`,
      () => `absent_over_time(${this.range(depth - 1)})`,
      () => `holt_winters(${this.range(depth - 1)}, 0.${1 + Math.floor(this.random() * 9)}, 0.5)`,
      () => `label_join(${this.vector(depth - 1)}, "${this.one(LABELS)}", "-", "job", "${this.one(LABELS)}")`,
      () => `round(${this.vector(depth - 1)}, ${this.scalar(depth - 1)})`,
      () => `clamp_${this.one(['min', 'max'])}(${this.vector(depth - 1)}, ${this.scalar(depth - 1)})`,
    ])();
  }

  private selector(): string {
    const matchers: string[] = [];
    while (this.random() < 0.5) {
      const label = this.one(LABELS);
      const value = this.one(VALUES[label]);
      const operator = this.one(/[.[|*]/.test(value) ? ['=~', '!~'] : ['=', '!=', '=~']);
      matchers.push(`${label}${operator}"${value.replace('+I', '[+]I')}"`);
    }
    return `${this.one(NAMES)}${matchers.length === 0 ? '' : `{${matchers.join(',')}}`}`;
  }

  private shift(): string {
    const at = (): string => this.one([' @ start()', ' @ end()', ` @ ${this.one(this.times) / 1_000}`]);
    const offset = (): string => ` offset ${this.random() < 0.2 ? '-' : ''}${this.duration()}`;
    return (this.random() < 0.15 ? at() : '') + (this.random() < 0.2 ? offset() : '');
  }

  private range(depth: number): string {
    const subquery = depth > 0 && this.random() < 0.4;
    if (!subquery) return `${this.selector()}[${this.duration()}]${this.shift()}`;
    const step = this.random() < 0.2 ? '' : this.one(['15s', '30s', '1m', '50s']);
    return `(${this.vector(depth - 1)})[${this.duration()}:${step}]${this.shift()}`;
  }

  private duration(): string {
    return this.one(['30s', '1m', '1m15s', '2m', '5m', '7m30s', '45s', '10m']);
  }

  scalar(depth: number): string {
    if (depth === 0) return this.one(['0', '1', '0.5', '0.9', '2', '-1', '1000', 'NaN', 'Inf', '3.25', '1e3', 'pi()']);
    return this.one<() => string>([
      () => this.scalar(0),
      () => 'time()',
      () => `scalar(${this.vector(depth - 1)})`,
      () => `${this.scalar(depth - 1)} ${this.one(ARITHMETIC)} ${this.scalar(depth - 1)}`,
      () => `(${this.scalar(depth - 1)} ${this.one(COMPARISONS)} bool ${this.scalar(depth - 1)})`,
      () => `-${this.scalar(depth - 1)}`,
    ])();
  }

  private labels(): string {
    return `(${LABELS.filter(() => this.random() < 0.35).join(', ')})`;
  }

  private aggregate(depth: number): string {
    const modifier = this.one(['', ` by ${this.labels()}`, ` by ${this.labels()}`, ` without ${this.labels()}`]);
    const vector = this.vector(depth);
    return this.one([
      `${this.one(AGGREGATIONS)}${modifier} (${vector})`,
      `${this.one(AGGREGATIONS)}(${vector})${modifier}`,
      `quantile${modifier} (${this.scalar(0)}, ${vector})`,
      `count_values${modifier} ("${this.one(['value', 'job', 'n'])}", ${this.vector(0)})`,
      // how many, not which: that is chance among equal ones
      `count(${this.one(['topk', 'bottomk'])} (${this.one(['1', '2', '5'])}, ${vector}))`,
    ]);
  }

  private binary(depth: number): string {
    const left = this.vector(depth);
    const right = this.random() < 0.3 ? left : this.vector(depth);
    const matching = this.one(['', '', ` on ${this.labels()}`, ` ignoring ${this.labels()}`]);
    const group = matching === '' ? '' : this.one(['', ' group_left', ' group_right', ' group_left (version)']);
    const scalar = this.scalar(depth);
    const operator = this.one([this.one(ARITHMETIC), this.one(COMPARISONS)]);
    const bool = COMPARISONS.includes(operator) && this.random() < 0.5 ? ' bool' : '';
    return this.one([
      `${left} ${this.one(['and', 'or', 'unless'])}${matching} ${right}`,
      `${left} ${operator}${bool}${matching}${group} ${right}`,
      `${left} ${operator}${bool} ${scalar}`,
      `${scalar} ${operator}${bool} ${left}`,
    ]);
  }

  private one<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)];
  }
}
