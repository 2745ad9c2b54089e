import test from 'ava';
import {createLogger, Scope} from './index.ts';

test('steps run in reverse order, and a failing one does not stop the others', async t => {
  const order: string[] = [];
  const lines: string[] = [];
  {
    await using scope = new Scope(createLogger({write: line => lines.push(line)}));
    scope.defer('first', () => order.push('first'));
    scope.defer('broken', () => {
      throw new Error('no luck');
    });
    scope.defer('last', async () => order.push('last'));
  }
  t.deepEqual(order, ['last', 'first']);
  t.is(lines.length, 1);
  t.regex(lines[0]!, /clean-up step failed.*no luck.*step=broken/);
});

test('release() passes the steps on to the caller', async t => {
  const closed: string[] = [];
  const open = async () => {
    await using scope = new Scope(createLogger({write: () => {}}));
    scope.use({[Symbol.dispose]: () => closed.push('sync')});
    scope.use({[Symbol.asyncDispose]: async () => void closed.push('async')});
    return scope.release();
  };
  const owner = await open();
  t.deepEqual(closed, []);
  await owner[Symbol.asyncDispose]();
  t.deepEqual(closed, ['async', 'sync']);
});
