import { messageOf } from '../../common/errors';
import { ScrapeError } from '../../scrape/error';
import type { HttpSource } from '../../scrape/source';
import type { View } from './frame';
import { ScrapePair } from './reading';
import { readAlerts } from './sections';

/** Scrapes one endpoint repeatedly, and keeps the data of a frame. */
export class Watch {
  private view: View;
  /** Whether the server has an alerts API: most have none, and repeated requests would fill their logs. */
  private hasAlerts = true;

  constructor(private readonly source: HttpSource) {
    this.view = { target: source.name, alerts: [], now: Date.now() };
  }

  /** The present data. */
  get present(): View {
    return { ...this.view, now: Date.now() };
  }

  /** Scrapes once. A failure is stored in `problem`, and the previous data stay. */
  async scrape(signal?: AbortSignal): Promise<void> {
    try {
      const scrape = await this.source.scrape(signal);
      const reading = new ScrapePair(scrape, performance.now(), this.view.reading);
      this.view = { ...this.view, reading, problem: undefined };
    } catch (error) {
      if (!(error instanceof ScrapeError)) throw error;
      this.view = { ...this.view, problem: messageOf(error) };
      return;
    }
    if (this.hasAlerts) await this.askForAlerts(signal);
  }

  private async askForAlerts(signal?: AbortSignal): Promise<void> {
    const answer = await this.source.text('/api/v1/alerts', signal).catch(() => '');
    const alerts = readAlerts(answer);
    this.hasAlerts = alerts !== undefined;
    this.view = { ...this.view, alerts: alerts ?? [] };
  }
}
