import test from 'ava';
import {baseNameOf, parseContainerPath} from './container-path.ts';

test('paths are absolute, and keep what their end asks for', t => {
  const parse = (text: string) => Object.values(parseContainerPath(text));
  t.deepEqual(parse('/etc/passwd'), ['/etc/passwd', false, false]);
  t.deepEqual(parse('etc'), ['/etc', false, false]);
  t.deepEqual(parse('/etc/'), ['/etc', true, false]);
  t.deepEqual(parse('/etc/.'), ['/etc', true, true]);
  t.deepEqual(parse('/a//b/../c'), ['/a/c', false, false]);
  t.deepEqual(parse('../../etc'), ['/etc', false, false]);
  t.deepEqual(parse('/'), ['/', true, false]);
  t.deepEqual(parse('.'), ['/', true, true]);
  t.deepEqual(parse('/a.'), ['/a.', false, false]);
});

test('an empty path is refused with the text of Docker', t => {
  t.throws(() => parseContainerPath(''), {message: 'bad parameter: pathcannot be empty'});
});

test('the topmost member is called as the path ends', t => {
  const base = (text: string) => baseNameOf(parseContainerPath(text));
  t.deepEqual(['/etc/passwd', '/etc/', '/etc/.', '/', '/.'].map(base), ['passwd', 'etc', '.', '/', '.']);
});
