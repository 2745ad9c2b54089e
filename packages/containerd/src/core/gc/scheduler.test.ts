import {setTimeout as delay} from 'node:timers/promises';
import {discardLogger} from '@longshore/base';
import test from 'ava';
import {fromMilliseconds} from '../time.ts';
import type {CollectionResult} from './collector.ts';
import {CollectionScheduler, type SchedulerConfig} from './scheduler.ts';

const config: SchedulerConfig = {
  pauseThreshold: 0.5,
  mutationThreshold: 3,
  deletionThreshold: 0,
  scheduleDelayMs: 0,
  startupDelayMs: 0,
};

function counting(overrides: Partial<SchedulerConfig> = {}, result: Partial<CollectionResult> = {}) {
  const state = {runs: 0, release: undefined as (() => void) | undefined, block: false};
  const collect = async (): Promise<CollectionResult> => {
    state.runs++;
    if (state.block) await new Promise<void>(resolve => (state.release = resolve));
    return {pauseMs: 0, removed: 0, nextExpiry: undefined, ...result};
  };
  return {state, scheduler: new CollectionScheduler(collect, {...config, ...overrides}, discardLogger())};
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await delay(5);
}

test('a removal leads to a collection, many at once to one', async t => {
  const {state, scheduler} = counting();
  for (let i = 0; i < 10; i++) scheduler.removed();
  await until(() => state.runs > 0);
  await delay(20);
  t.is(state.runs, 1);
  await scheduler[Symbol.asyncDispose]();
});

test('mutations count until their threshold', async t => {
  const {state, scheduler} = counting();
  scheduler.mutated();
  scheduler.mutated();
  await delay(20);
  t.is(state.runs, 0);
  scheduler.mutated();
  await until(() => state.runs > 0);
  t.is(state.runs, 1);
  await scheduler[Symbol.asyncDispose]();
});

test('collect() waits for a run that began after the call', async t => {
  const {state, scheduler} = counting();
  state.block = true;
  const first = scheduler.collect();
  await until(() => state.release !== undefined);
  const second = scheduler.collect();
  state.block = false;
  state.release?.();
  await Promise.all([first, second]);
  t.is(state.runs, 2);
  await scheduler[Symbol.asyncDispose]();
});

test('collect() fails with the collection', async t => {
  const scheduler = new CollectionScheduler(() => Promise.reject(new Error('disk')), config, discardLogger());
  await t.throwsAsync(scheduler.collect(), {message: 'disk'});
  await scheduler[Symbol.asyncDispose]();
});

test('what expires is collected without a request', async t => {
  const {state, scheduler} = counting({}, {nextExpiry: fromMilliseconds(Date.now() + 30)});
  await scheduler.collect();
  await until(() => state.runs > 1);
  t.true(state.runs > 1);
  await scheduler[Symbol.asyncDispose]();
});

test('removals during a run lead to another one', async t => {
  const {state, scheduler} = counting();
  state.block = true;
  scheduler.removed();
  await until(() => state.release !== undefined);
  scheduler.removed();
  state.block = false;
  state.release?.();
  await until(() => state.runs > 1);
  t.is(state.runs, 2);
  await scheduler[Symbol.asyncDispose]();
});
