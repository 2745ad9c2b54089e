import test from 'ava';
import {checkProcess} from './argument-limits.ts';

const tooLong = {code: 'invalid-argument', message: /: argument list too long$/};

test('what execve(2) takes, passes', t => {
  t.notThrows(() => checkProcess({}));
  t.notThrows(() => checkProcess({args: ['/bin/echo', 'x'.repeat(131_071)], cwd: '/'}));
  t.notThrows(() => checkProcess({args: ['env'], env: Array.from({length: 50_000}, (_, i) => `V${i}=${i}`)}));
});

test('one string of 128 KiB is too much, in bytes', t => {
  t.throws(() => checkProcess({args: ['/bin/echo', 'x'.repeat(131_072)]}), tooLong);
  t.throws(() => checkProcess({args: ['/bin/echo', 'ä'.repeat(65_536)]}), tooLong);
  t.throws(() => checkProcess({args: ['env'], env: [`A=${'x'.repeat(131_072)}`]}), tooLong);
});

test('all together they have a quarter of the stack', t => {
  const args = Array.from({length: 30}, () => 'x'.repeat(100_000));
  t.throws(() => checkProcess({args}), tooLong);
  t.notThrows(() => checkProcess({args: args.slice(0, 15)}));
  const rlimits = [{type: 'RLIMIT_STACK', soft: 64 << 20, hard: 64 << 20}];
  t.notThrows(() => checkProcess({args, rlimits}));
  t.throws(() => checkProcess({args: [...args, ...args, ...args], rlimits}), tooLong);
});

test('the error names the program, but not all of a long name', t => {
  const error = t.throws(() => checkProcess({args: ['x'.repeat(1 << 20)]}), tooLong);
  t.true(error.message.length < 400);
  t.throws(() => checkProcess({args: ['sh'], cwd: `/${'x'.repeat(5000)}`}), {message: /: file name too long$/});
});
