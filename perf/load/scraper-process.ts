import { answerWith } from './messages';
import { type Scrape, Scraper, type ScrapeRequest } from './scraper';

const scraper = new Scraper();
answerWith<ScrapeRequest, Scrape>((request) => scraper.scrape(request));
