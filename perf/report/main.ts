import { renderReport } from './files';

process.stderr.write(`Report: ${renderReport('full')}\n`);
