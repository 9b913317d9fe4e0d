import { serveText } from '../contenders/http-server';
import { contender } from '../contenders/ringmeter';
import { answerWith } from './messages';
import { fill, requestMetrics } from './request-metrics';

/** How many series each of a server's metrics has. */
export interface TextRequest {
  series: number;
}

export interface TextServer {
  url: string;
}

/** Serves the text that a scrape of them gives, over and over, without any work of its own. */
answerWith(async ({ series }: TextRequest): Promise<TextServer> => {
  const library = await contender.open({ series });
  await fill(library, requestMetrics(library), series);
  const served = await library.serve!();
  const answer = await fetch(served.url);
  const contentType = answer.headers.get('content-type')!;
  const text = Buffer.from(await answer.arrayBuffer());
  await served.close();
  await library.close?.();
  const { url } = await serveText(contentType, async () => text);
  return { url };
});
