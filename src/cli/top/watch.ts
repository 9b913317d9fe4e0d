import { messageOf } from '../../common/errors';
import { ScrapeError } from '../../scrape/error';
import type { HttpSource } from '../../scrape/source';
import type { View } from './frame';
import { ScrapePair } from './reading';
import { readAlerts } from './sections';

/** Scrapes one endpoint again and again, and keeps what a frame shows. */
export class Watch {
  private view: View;
  /** Whether the server has alerts to ask for: most have not, and need not log that again and again. */
  private hasAlerts = true;

  constructor(private readonly source: HttpSource) {
    this.view = { target: source.name, alerts: [], now: Date.now() };
  }

  /** What there is to see now. */
  get present(): View {
    return { ...this.view, now: Date.now() };
  }

  /** One more scrape. One that fails becomes the view's problem; what was seen before stays. */
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
