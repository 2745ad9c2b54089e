// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Dockerfiles, not of templates
import test from 'ava';
import {expandWord} from './expand-word.ts';

const environment = ['PATH=/bin', 'A=a b', 'EMPTY='];
const words: [string, string][] = [
  ['/usr/bin:$PATH', '/usr/bin:/bin'],
  ['"$A"c', 'a bc'],
  [`'$A'`, '$A'],
  ['\\$A', '$A'],
  ['"\\$A \\" \\x"', '$A " \\x'],
  ['${PATH}s', '/bins'],
  ['$PATHS', ''],
  ['${EMPTY:-x$PATH}', 'x/bin'],
  ['${A:+set}${NONE:+set}', 'set'],
  ['5$', '5$'],
];
for (const [word, expanded] of words) {
  test(`word ${word}`, t => {
    t.is(expandWord(word, environment), expanded);
  });
}
