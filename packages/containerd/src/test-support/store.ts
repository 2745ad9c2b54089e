/** What unit tests of the stores share: a temporary directory, a real database, real files, fakes of the rest. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type CallContext, callContext} from '@longshore/base';
import type {ExecutionContext} from 'ava';
import {Content, type ContentOptions} from '../core/content/content.ts';
import type {EngineEvent, EventPublisher} from '../core/events/events.ts';
import type {CollectorTriggers} from '../core/gc/triggers.ts';
import {openBlobFiles} from '../drivers/content-fs/blob-files.ts';
import {openMetadataStore, type SqlMetadataStore} from '../drivers/metadata-db/metadata-store.ts';

export function tempDir(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ctd-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

export function openTestMetadata(t: ExecutionContext, directory = tempDir(t)): SqlMetadataStore {
  const metadata = openMetadataStore(join(directory, 'metadata'));
  t.teardown(() => metadata[Symbol.dispose]());
  return metadata;
}

export interface RecordedEvents extends EventPublisher {
  readonly events: {namespace: string; event: EngineEvent}[];
}

export function recordEvents(): RecordedEvents {
  const events: RecordedEvents['events'] = [];
  return {events, publish: (namespace, event) => void events.push({namespace, event})};
}

/** Counts what a collector would be told. */
export function countTriggers(): CollectorTriggers & {removals: number; mutations: number; collections: number} {
  return {
    removals: 0,
    mutations: 0,
    collections: 0,
    removed() {
      this.removals++;
    },
    mutated() {
      this.mutations++;
    },
    async collect() {
      this.collections++;
    },
  };
}

export interface TestContent {
  content: Content;
  metadata: SqlMetadataStore;
  events: RecordedEvents;
  directory: string;
}

export async function openTestContent(
  t: ExecutionContext,
  options: Partial<ContentOptions> = {},
): Promise<TestContent> {
  const directory = tempDir(t);
  const metadata = openTestMetadata(t, directory);
  const events = recordEvents();
  const files = await openBlobFiles(join(directory, 'content'));
  const content = new Content({metadata, files, events, collector: countTriggers(), ...options});
  return {content, metadata, events, directory};
}

export function testContext(namespace = 'test', lease = ''): CallContext {
  return callContext({namespace, lease});
}
