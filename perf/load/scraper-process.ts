import { answerWith } from './messages';
import { type Scrape, type ScrapeRequest, Scraper } from './scraper';

const scraper = new Scraper();
answerWith<ScrapeRequest, Scrape>((request) => scraper.scrape(request));
