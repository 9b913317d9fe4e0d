import type { TextFormat } from './format';
import { writeNumber } from './number-text';

/** Prometheus text format. Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4. */
export const PROMETHEUS_TEXT: TextFormat = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  header({ name, description, type }) {
    const help = description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return `${help && `# HELP ${name} ${help}\n`}# TYPE ${name} ${type}\n`;
  },
  lineName: ({ name }, { suffix }) => `${name}${suffix}`,
  writeNumber,
  end: '',
};
