import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringifier } from '../common/stringifier';
import type { Backfill } from './backfill';
import type { DashboardDocument } from './document';
import type { ChartValues } from './points';
import type { Stall } from './stalls';

/** From `dist/src/dashboard` to the root of the package. */
const SCHEMA_FILE = join(__dirname, '..', '..', '..', 'schemas', 'dashboard.schema.json');

/** The published schema of the document, as it is in the package. */
export const schemaText = readFileSync(SCHEMA_FILE, 'utf8');

const numberOrNull = { type: ['number', 'null'] } as const;
const stalls = {
  type: 'array',
  items: {
    type: 'object',
    properties: { thread: { type: 'string' }, from: { type: 'number' }, to: numberOrNull },
  },
} as const;

/** Serializes a document: exactly the properties in the schema. */
export const documentText = stringifier<DashboardDocument>(JSON.parse(schemaText));

export const pointsText = stringifier<ChartValues>({
  type: 'object',
  properties: {
    time: { type: 'number' },
    panels: {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: numberOrNull },
    },
  },
});

export const stallsText = stringifier<readonly Stall[]>(stalls);

export const backfillText = stringifier<Backfill>({
  type: 'object',
  properties: {
    times: { type: 'array', items: { type: 'number' } },
    panels: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: { type: 'array', items: numberOrNull },
      },
    },
    stalls,
  },
});
