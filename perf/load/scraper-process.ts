import { answerWith } from './messages';
import { scrape } from './scraper';

answerWith(scrape);
