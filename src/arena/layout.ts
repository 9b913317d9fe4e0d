/**
 * The layout of the arena. Every offset in shared memory is named here and nowhere else, derived from its neighbours.
 *
 * Units. A *word* is 8 bytes; every pointer is a word index into the arena, 0 means "none". A field that holds a 32-bit
 * integer is addressed through the Int32Array by `int(word)`, its low half, or `high(word)`, its high half. A *position*
 * is a monotonic count of events; in 32 bits it wraps, and is compared by difference only. A *mark* is a thread's id + 1.
 *
 *     word 0                                                                                     totalWords
 *     +---------+----------+------------------+-------------+-----------+--------------------------------+
 *     | header  | settings | shard table      | hash index  | directory | heap, allocated upwards        |
 *     | 128 w.  | JSON     | maxThreads x 96  | chain heads | record    | records, rings, page tables,   |
 *     |         |          |                  |             | pointers  | pages of cells, sketch chunks  |
 *     +---------+----------+------------------+-------------+-----------+--------------------------------+
 *
 * Nothing on the heap is ever moved or freed, so a pointer once published stays valid.
 */
export const WORD_BYTES = 8;

/** Index into the Int32Array of the low half of a word. */
export const int = (word: number): number => word * 2;
/** Index into the Int32Array of the high half of a word. */
export const high = (word: number): number => word * 2 + 1;

/** The smallest step of the arena's clock: a microsecond. */
export const CLOCK_STEP_MS = 0.001;

/** Rounds up to 8 words, a cache line. */
export const alignToLine = (words: number): number => (words + 7) & ~7;

/** "RMTR": the first half-word of every arena. */
export const MAGIC = 0x524d5452;
/** Changes whenever anything in this file changes meaning. */
export const LAYOUT_VERSION = 9;

/*
 * Header. Words that different threads change stand 64 bytes (8 words) apart.
 *
 *      0  magic               | layout version
 *      1  total words         | length of the settings in bytes
 *      2  shard table         | number of shards
 *      3  hash index          | number of chain heads (a power of two)
 *      4  directory           | its capacity
 *      5  ring capacity       | capacity of a page table
 *      6  settings            | mark of the thread that made the arena and hears of other threads' ends
 *      8  heap cursor         |                        atomic: the next free word
 *     16  cell cursor         | column cursor          atomic: the next series id, the next snapshot column
 *     24  directory length    |                        atomic
 *     25  families            | series                 atomic: entries listed and not void; an indication
 *     26  shards ever used    |                        atomic: shards with lower numbers may hold data
 *     32  lost                (int64)                  atomic: records of threads that found no shard
 *     33  refused             (int64)                  atomic: of such threads, calls refused for their value or labels
 *     40  clock               (float64)                atomic maximum: milliseconds, ticked by whoever drains; a little late
 *     48  wake signal         |                        atomic: raised by a recording thread whose ring is half full
 *     56  end asked for       | end done               atomic: the last flush, before the process ends
 *     64  gauge epoch of no series |                   atomic: the epoch in the events of a gauge without cells
 *     72  flushes             (int64)                  atomic: snapshots for the storages
 *     73  failed flushes      (int64)                  atomic: attempts to store that failed
 *     80  collects            (int64)                  atomic
 *     81  scrapes             (int64)                  atomic: requests that the endpoint answered with metrics
 *     88  lock of the lives   | wanted                 mutex: to end and begin lives of series; see lives.ts
 *     89  sequence            | shortest ttl           atomic: odd while lives are changed; milliseconds, 0 = none
 *     90  collected           (float64)                time of the last collect, by the clock; an indication
 *     91  lock of the collects | wanted                mutex: its holder makes a snapshot
 *     92  collects begun      |                        atomic: a collect during which this changes is repeated
 *     95  reborn              |                        atomic: how often the memory of a series was used for another one
 *     96  births              (int64)                  atomic: series that have been born so far; see directory.ts
 *     97  retire sequence     | phase                  atomic: recording threads acknowledge it; see recycler.ts
 *     98  since when          (float64)                time at which the phase began, by the clock
 *     99  series in flight    |                        atomic: pointer to the first entry of a list; see in-flight.ts
 *
 * When counters that only grow overflow or wrap. Everything else in the arena is bounded by the arena's size.
 *
 *     int64                    lost, refused, overflowed, births; flushes, collects, scrapes: 2^63, for ever
 *     float64                  births of records, counts of folded events, cells: exact up to 2^53; at 10^8 a second 2.8 years
 *                              for the events of one thread, and a sum then stops growing by 1
 *     int32, compared by       positions of a ring, questions and answers, a gauge's epochs: these wrap. Compared
 *     difference               values are never 2^31 apart: a ring is shorter, one question at a time is asked. A shard
 *                              whose last `set` of a gauge is exactly 2^32 `set`s old looks up to date
 *     int32, compared for      sequence words, wake signals, retire sequence, collects begun, states of lives (2^26 changes):
 *     equality                 wrong only if exactly that many changes come between two loads by one thread
 *     int32, not reused        marks of threads: 2^31 threads of one process
 */
export const HEADER = {
  MAGIC: 0,
  TOTAL_WORDS: 1,
  SHARDS: 2,
  HASH_INDEX: 3,
  DIRECTORY: 4,
  RING_CAPACITY: 5,
  SETTINGS: 6,
  HEAP_CURSOR: 8,
  CELL_CURSOR: 16,
  DIRECTORY_LENGTH: 24,
  REGISTERED: 25,
  USED_SHARDS: 26,
  LOST: 32,
  REFUSED: 33,
  CLOCK: 40,
  WAKE: 48,
  END: 56,
  SPARE_EPOCH: 64,
  FLUSHES: 72,
  FAILED_FLUSHES: 73,
  COLLECTS: 80,
  SCRAPES: 81,
  LIVES_LOCK: 88,
  LIVES: 89,
  COLLECTED: 90,
  COLLECT_LOCK: 91,
  COLLECTS_BEGUN: 92,
  REBORN: 95,
  BIRTHS: 96,
  RETIRE: 97,
  RETIRE_SINCE: 98,
  IN_FLIGHT: 99,
  WORDS: 128,
} as const;

/*
 * Shard: the data of one recording thread, its owner. Each group of fields has one writer and its own cache lines.
 *
 *      1  folded in place     (float64)                plain; the owner
 *      2  invalid             (float64)                plain; the owner: calls refused for their value or labels
 *      3  dropped             (float64)                plain; the owner: events that found the ring full (onFull: 'drop')
 *      4  heartbeat           (float64)                plain; the owner: when its event loop last turned, by the clock
 *     16  published head      |                        atomic; the owner: events before it may be read by anyone
 *     32  folded              (float64)                plain; the lock's holder: events taken out of the ring
 *     33  dropped at fold     (float64)                plain; the lock's holder: of those, found no memory for their cells
 *     34  high-water mark     (float64)                plain; the lock's holder: most events found waiting in the ring
 *     48  freed tail          |                        atomic; the lock's holder: slots before it may be overwritten
 *     64  lock                | wanted                 mutex: its holder may drain the ring and write the cells
 *     80  owner               |                        atomic; mark of the recording thread, 0 = free to take
 *     81  ring                |                        pointer; published last, when the two tables are in place
 *     82  page table of cells | page table of overflow cells
 *     83  acknowledged        |                        atomic; the owner: retire sequence it has cleared its caches for
 *     84  asked               | answered               atomic; signals: a collect wants the owner's collect-time values;
 *                                                       the question up to which the owner has recorded them
 *     85  callbacks           |                        atomic; the owner: how many such values it has, 0 = do not ask
 */
export const SHARD = {
  FOLDED_IN_PLACE: 1,
  INVALID: 2,
  DROPPED: 3,
  HEARTBEAT: 4,
  PUBLISHED: 16,
  FOLDED: 32,
  DROPPED_AT_FOLD: 33,
  HIGH_WATER: 34,
  FREED: 48,
  LOCK: 64,
  OWNER: 80,
  RING: 81,
  TABLES: 82,
  ACKNOWLEDGED: 83,
  ASKED: 84,
  CALLBACKS: 85,
  WORDS: 96,
} as const;

/*
 * Event: two words of a ring.
 *
 *     0  lap | operation << 28 | series id  | auxiliary word: gauge: epoch; histogram, summary: pointer to the family
 *     1  value (float64)
 *
 * The first half-word, the event's code, is written last. Its highest bit is the lap bit, which flips each time the
 * owner wraps to the start of the ring. So a reader can tell whether a slot has the event of this lap, or still that of
 * the lap before, or none, and the owner need not publish its position with each event.
 */
export const EVENT_WORDS = 2;
const LAP = 1 << 31;
export const CODE_MASK = ~LAP;
export const OPERATION_SHIFT = 28;
export const SERIES_MASK = (1 << OPERATION_SHIFT) - 1;
export const OPERATION = { NONE: 0, COUNTER_ADD: 1, GAUGE_SET: 2, GAUGE_ADD: 3, OBSERVE: 4, SUMMARIZE: 5 } as const;

/** The lap bit of a position. The first lap of a ring, whose memory is still zeros, has it set. */
export const lapOf = (position: number, ringCapacity: number): number => ((position & ringCapacity) === 0 ? LAP : 0);

/*
 * Cells live in pages that are allocated when a shard first touches them. A series id is the index of the series' first
 * cell in a space of words that every shard mirrors: page = table[id >> PAGE_SHIFT], cell = page + (id & PAGE_MASK).
 * The cells of one series never straddle two pages. Series id 0 belongs to nobody.
 */
export const PAGE_SHIFT = 12;
export const PAGE_WORDS = 1 << PAGE_SHIFT;
export const PAGE_MASK = PAGE_WORDS - 1;

/*
 * Registry record: a metric family or a series. Written whole, then published by one compare-and-swap of a chain head.
 *
 *     0  next in the chain   | hash of the key
 *     1  key length (bytes)  | kind
 *        family                                     series
 *     2  type | series (atomic)                     family | series id
 *     3  definition length (bytes) | spec length    column | gauge: Int32Array index of its epoch (atomic)
 *     4  place in the directory | state (atomic)    life (atomic) | size class and SERIES_FLAG bits (atomic)
 *     5  series that have lives | warned (atomic)   birth (float64), 0 = not born yet
 *     6  overflowed (int64, atomic)                 start (float64)
 *     7  RECORD_CLASSES heads of lists (int32,      key bytes
 *        atomic): records that may be used again
 *    10  spec (float64 each): bucket bounds,
 *        or slot milliseconds and slot samples
 *     .. key bytes, then the definition as JSON
 *
 * Epochs are packed, sixteen to a cache line, so a thread that sets many gauges finds them in its caches. One thread
 * registered all epochs of a line, so threads with gauges of their own do not contend for a line (false sharing).
 *
 * The life is a pointer to the state of a series that was removed or reset, or that has a ttl: see LIFE.
 *
 * The birth is a generation number: the series' number among all births. It changes when the record's memory is used
 * for another series, so a thread that kept the old number can tell that the record has been reused.
 *
 * The start is when the series was registered, in wall-clock milliseconds. It is written before the record is published.
 */
export const RECORD = {
  CHAIN: 0,
  KEY: 1,
  FAMILY_TYPE: 2,
  FAMILY_SIZES: 3,
  FAMILY_PLACE: 4,
  FAMILY_LIVES: 5,
  FAMILY_OVERFLOWED: 6,
  FAMILY_FREE: 7,
  SPEC: 10,
  SERIES: 2,
  SERIES_COLUMN: 3,
  SERIES_LIFE: 4,
  SERIES_BIRTH: 5,
  SERIES_START: 6,
  SERIES_KEY: 7,
} as const;
export const RECORD_KIND = { FAMILY: 1, SERIES: 2 } as const;
/** Whether a family may be used: OPEN until it is certain that no other family shows lines of the same name. */
export const FAMILY_STATE = { OPEN: 0, STANDS: 1, REFUSED: 2 } as const;
/** Value of a directory entry whose record lost the race for its key. */
export const VOID_ENTRY = -1;

/*
 * Life of a series: its state beside its cells. Removing a series changes the life and leaves the cells as they are.
 *
 *     0  state (atomic)      | start column           LIFE_STATE bits, and above them a count of its changes; the column
 *                                                     of a snapshot that has the start, if that is not the record's
 *     1  activity            (float64)                as the last collect saw it; only with a ttl
 *     2  since               (float64)                when it was seen to change last, by the clock; only with a ttl
 *     3  two baselines, see BASELINE                  subtracted from the cells; the state says which one is current
 *
 * A baseline is written while it is not current; one store of the state makes it so. The activity is a number that
 * changes with every record.
 */
export const LIFE = { STATE: 0, ACTIVITY: 1, SINCE: 2, BASELINES: 3 } as const;
/**
 * A baseline: the activity; when the series began to count from it, in wall-clock milliseconds; then the kind's words.
 * While a series is removed and nothing is recorded, each collect under the lock of the lives sets that time anew.
 */
export const BASELINE = { ACTIVITY: 0, START: 1, KIND: 2 } as const;
export const LIFE_STATE = { SECOND: 1, HIDDEN: 2, BASED: 4, RETIRING: 8, GONE: 16, LISTED: 32, CHANGE: 64 } as const;
/** BEYOND: shared by the label sets beyond the limit. PINNED: a user has a handle. Neither's memory is ever reused. */
export const SERIES_FLAG = { BEYOND: 1, PINNED: 2, IN_FLIGHT: 4 } as const;
/** Above the flags: how many cache lines the record takes, 0 for more than RECORD_CLASSES. Never changes. */
export const SIZE_CLASS_SHIFT = 8;
/** Most cache lines of a record that is reused. It is reused only for a record of the same number of lines. */
export const RECORD_CLASSES = 6;
