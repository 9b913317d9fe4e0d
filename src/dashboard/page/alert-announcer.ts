import type { DashboardDocument } from '#dashboard/document';
import { byId, setText } from './dom.js';

let firing: number | undefined;

/** Says how many alerts fire whenever that changes. */
export function announceAlerts({ alerts }: DashboardDocument): void {
  const before = firing;
  firing = alerts.firing;
  if (before === firing || (before === undefined && firing === 0)) return;
  const names = alerts.active.filter(({ state }) => state === 'firing').map(({ name }) => name);
  setText(byId('announcer'), firing === 0 ? 'No alert is firing any more.' : `${firing} firing: ${names.join(', ')}.`);
}
