import { generate } from './generator';
import { answerWith } from './messages';

answerWith(generate);
