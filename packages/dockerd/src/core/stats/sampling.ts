/** Reads the counters of one container, once or again and again. */
import {setTimeout as delay} from 'node:timers/promises';
import type {CallContext} from '@longshore/base';
import type {Container} from '../containers/container.ts';
import {hasProcess} from '../containers/state.ts';
import type {World} from '../containers/world.ts';
import {nowNano} from '../events/event-bus.ts';
import type {StatisticsSource} from '../ports/statistics-source.ts';
import {type Sample, type StatsDocument, statsDocument, zeroDocument} from './document.ts';

const intervalMs = 1_000;
/** All series are sampled at multiples of this: the daemon wakes up for many at a time, yet never works long at once. */
const gridMs = 100;

export interface StatsSubject {
  world: World;
  source: StatisticsSource;
  container: Container;
}

/** One sample alone: nothing to compute rates from. */
export async function oneSample(ctx: CallContext, subject: StatsSubject): Promise<StatsDocument> {
  const sample = await readSample(ctx, subject);
  return sample ? statsDocument(undefined, sample, undefined) : zeroDocument(subject.container);
}

/** Two samples an interval apart. A container that does not run is answered at once. */
export async function samplePair(ctx: CallContext, subject: StatsSubject, signal: AbortSignal): Promise<StatsDocument> {
  const first = await readSample(ctx, subject);
  if (!first) return zeroDocument(subject.container);
  await delay(intervalMs, undefined, {signal});
  const second = await readSample(ctx, subject);
  return second ? statsDocument(subject.container, second, first) : zeroDocument(subject.container);
}

/**
 * A document each second until `signal` aborts or the container is removed. The next one is made when the last one has
 * been taken: seconds in which nobody takes anything are left out.
 */
export async function* sampleSeries(
  ctx: CallContext,
  subject: StatsSubject,
  signal: AbortSignal,
): AsyncGenerator<StatsDocument> {
  const {container} = subject;
  let previous: Sample | undefined;
  for (let due = Date.now(); !signal.aborted && !container.removing; ) {
    const sample = await readSample(ctx, subject);
    yield sample ? statsDocument(container, sample, previous) : zeroDocument(container);
    previous = sample;
    due = Math.ceil(Math.max(due + intervalMs, Date.now()) / gridMs) * gridMs;
    await delay(due - Date.now(), undefined, {signal}).catch(() => {}); // aborted: the loop ends
  }
}

async function readSample(ctx: CallContext, {world, source, container}: StatsSubject): Promise<Sample | undefined> {
  const {state} = container;
  if (!hasProcess(state)) return undefined;
  const group = await source.group(ctx, container.id, state.pid);
  if (!group) return undefined;
  const netns = netnsOf(world, container);
  return {
    time: nowNano(),
    group,
    system: source.system(),
    interfaces: netns ? source.interfaces(netns, state.pid) : [],
    memoryBytes: BigInt(world.facts.memoryBytes),
  };
}

/** Its own, or the one of the container that it shares a network with. The host's interfaces are nobody's. */
function netnsOf(world: World, container: Container): string {
  const {NetworkMode: mode} = container.record.host;
  if (mode === 'host') return '';
  if (!mode.startsWith('container:')) return container.record.network.SandboxKey;
  // It may have been removed since: its processes are gone, the namespace is not.
  const reference = mode.slice('container:'.length);
  const owner = world.registry.get(reference) ?? world.registry.all.find(({name}) => name === reference);
  return owner && owner.record.host.NetworkMode !== 'host' ? owner.record.network.SandboxKey : '';
}
