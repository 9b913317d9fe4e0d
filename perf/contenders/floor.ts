import { BUCKETS, labelsOf, type RequestLabels, VALUE_MASK, values } from '../workload';
import type { Contender, Kind, LabelledMetric, Library, Metric, OpenOptions } from './contender';
import { type FloorSeries, floorText } from './floor-text';
import { ReadyServer } from './ready-server';

/**
 * What a library can hardly be faster than: numbers in a typed array of the recording thread, found through one object
 * per handle or three nested maps. No checks, no limits, no other thread may look. It says how fast this machine is.
 *
 * A scrape of it is only the transfer: the text is made before anybody asks, in `settle`.
 */
export const contender: Contender = { title: 'floor', kinds: ['counter', 'gauge', 'histogram'], open };

function open({ series }: OpenOptions): Library {
  const shown: { name: string; floor: Floor }[] = [];
  let server: ReadyServer | undefined;
  return {
    plain: (kind) => new Floor(kind, 1).metric(),
    labelled: (kind, name) => {
      const floor = new Floor(kind, series);
      shown.push({ name, floor });
      return floor.labelled();
    },
    serve: async () => {
      server = await ReadyServer.open();
      return server;
    },
    settle: async () => server?.answer(floorText(shown.map(({ name, floor }) => [name, floor.read()]))),
  };
}

const BOUNDS = Float64Array.from(BUCKETS);
/** Of one histogram: sum, then a count per bucket. */
const WIDTH = 1 + BUCKETS.length + 1;

class Handle {
  constructor(
    readonly cells: Float64Array,
    readonly at: number,
  ) {}

  add(value: number): void {
    this.cells[this.at] += value;
  }

  set(value: number): void {
    this.cells[this.at] = value;
  }

  observe(value: number): void {
    const { cells, at } = this;
    let bucket = 0;
    while (bucket < BOUNDS.length && value > BOUNDS[bucket]) bucket++;
    cells[at] += value;
    cells[at + 1 + bucket] += 1;
  }
}

type Route = Map<string, Handle>;

/** Exported, so that V8 has to make the label object, as it has to for a library whose code it does not inline. */
export let lastLabels: RequestLabels | undefined;

class Floor {
  private readonly cells: Float64Array;
  private readonly width: number;
  private readonly known = new Map<string, Map<string, Route>>();
  private used = 0;

  constructor(
    private readonly kind: Kind,
    series: number,
  ) {
    this.width = kind === 'histogram' ? WIDTH : 1;
    this.cells = new Float64Array(series * this.width);
  }

  read(): FloorSeries {
    const { kind, known } = this;
    return {
      kind,
      *[Symbol.iterator]() {
        for (const [method, statuses] of known)
          for (const [status, routes] of statuses)
            for (const [route, { cells, at }] of routes) yield { labels: { method, status, route }, cells, at };
      },
    };
  }

  metric(): Metric {
    const handle = this.newHandle();
    const runs = {
      counter: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handle.add(1);
      },
      gauge: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handle.set(values[i & VALUE_MASK]);
      },
      histogram: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handle.observe(values[i & VALUE_MASK]);
      },
    };
    return { run: runs[this.kind as keyof typeof runs], read: () => this.total() };
  }

  labelled(): LabelledMetric {
    const runs = {
      counter: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) this.find(labelsOf(order[i])).add(1);
      },
      gauge: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) this.find(labelsOf(order[i])).set(values[i & VALUE_MASK]);
      },
      histogram: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) this.find(labelsOf(order[i])).observe(values[i & VALUE_MASK]);
      },
    };
    const record = { counter: 'add', gauge: 'set', histogram: 'observe' } as const;
    const kind = this.kind as keyof typeof runs;
    return {
      run: runs[kind],
      record: (labels, value) => this.find(labels)[record[kind]](value),
      bind: (series) => this.bind(kind, series),
      read: () => this.total(),
    };
  }

  private bind(kind: 'counter' | 'gauge' | 'histogram', series: number) {
    const handles = Array.from({ length: series }, (_, i) => this.find(labelsOf(i)));
    return {
      counter: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handles[order[i]].add(1);
      },
      gauge: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handles[order[i]].set(values[i & VALUE_MASK]);
      },
      histogram: (order: Int32Array) => {
        for (let i = 0; i < order.length; i++) handles[order[i]].observe(values[i & VALUE_MASK]);
      },
    }[kind];
  }

  private newHandle(): Handle {
    return new Handle(this.cells, this.width * this.used++);
  }

  private find(labels: RequestLabels): Handle {
    lastLabels = labels;
    const { method, status, route } = labels;
    return this.known.get(method)?.get(status)?.get(route) ?? this.make(method, status, route);
  }

  private make(method: string, status: string, route: string): Handle {
    const statuses = this.known.get(method) ?? new Map<string, Route>();
    const routes = statuses.get(status) ?? new Map<string, Handle>();
    const handle = this.newHandle();
    this.known.set(method, statuses);
    statuses.set(status, routes);
    routes.set(route, handle);
    return handle;
  }

  private total() {
    const { cells, width } = this;
    const total = { count: 0, sum: 0 };
    cells.forEach((value, at) => {
      const isSum = at % width === 0;
      if (isSum) total.sum += value;
      if (isSum === (width === 1)) total.count += value;
    });
    return total;
  }
}
