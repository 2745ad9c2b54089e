import {constants} from 'node:os';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {signalName, signalNumber} from './index.ts';

test('every spelling of a signal is understood', t => {
  for (const text of ['SIGTERM', 'TERM', 'sigterm', 'term', '15', 15, ' 15 ']) t.is(signalNumber(text), 15);
  t.is(signalNumber('RTMIN'), 34);
  t.is(signalNumber('SIGRTMIN+3'), 37);
  t.is(signalNumber('rtmax-1'), 63);
  t.is(signalNumber('SIGRTMAX'), 64);
  t.is(signalNumber('CLD'), 17);
});

test('numbers and names agree with the runtime', t => {
  for (const [name, number] of Object.entries(constants.signals)) {
    t.is(signalNumber(name), number);
    if (name !== 'SIGIOT' && name !== 'SIGPOLL' && name !== 'SIGUNUSED') t.is(signalName(number), name);
  }
  for (let number = 34; number <= 64; number++) t.is(signalNumber(signalName(number)), number);
});

test('what is no signal is refused in the words of Docker', t => {
  for (const text of ['', '0', '65', 'SIG', 'FOO', 'RTMIN+31', 'RTMAX+1', '-9', '9.5', 'RTMIN-1']) {
    const error = t.throws(() => signalNumber(text), undefined, text);
    t.is(codeOf(error), 'invalid-argument');
    t.is(error.message, `invalid signal: ${text}`);
  }
  t.throws(() => signalName(32));
});
