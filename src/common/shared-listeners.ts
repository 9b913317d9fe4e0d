/** The type of listeners in node's declarations. */
// biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
type Listener = (...args: any[]) => void;

type Emitter = Pick<NodeJS.EventEmitter, 'on' | 'removeListener'>;

/** Holds one listener per event of an emitter, which calls all callbacks. */
interface Hub {
  readonly emitter: Emitter;
  readonly events: Map<string, { readonly callbacks: Set<Listener>; readonly listener: Listener }>;
}

/**
 * Key of an emitter's hub, shared by all copies of the package: otherwise each collector, and each test file with its
 * own copy, would add listeners, and node warns of more than ten.
 */
const KEY = Symbol.for('ringmeter.shared-listeners.1');

/** Calls back on each event of the process or a thread. Returns an unsubscribe function. */
export function shareListener(emitter: Emitter, event: string, callback: Listener): () => void {
  const { events } = hubOf(emitter);
  let known = events.get(event);
  if (known === undefined) {
    const callbacks = new Set<Listener>();
    const listener: Listener = (...args) => {
      for (const one of [...callbacks]) one(...args);
    };
    known = { callbacks, listener };
    events.set(event, known);
    emitter.on(event, known.listener);
  }
  const { callbacks, listener } = known;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || events.get(event)?.listener !== listener) return;
    events.delete(event);
    emitter.removeListener(event, listener);
  };
}

/** Test runners give each file a copy of `process` with all properties: a hub in the copy belongs to the original. */
function hubOf(emitter: Emitter): Hub {
  const known = Reflect.get(emitter, KEY) as Hub | undefined;
  if (known?.emitter === emitter) return known;
  const hub: Hub = { emitter, events: new Map() };
  Object.defineProperty(emitter, KEY, { value: hub, configurable: true });
  return hub;
}
