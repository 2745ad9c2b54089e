/** What `[proxy_plugins]` puts in the place of our own content store, differ, snapshotters and sandbox controller. */
import {join} from 'node:path';
import type {Logger, Scope} from '@longshore/base';
import {type ContainerdClient, openClient} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import type {Config} from '../../config/config.ts';
import type {ProxyConfig} from '../../config/proxies.ts';
import type {BlobFiles} from '../../core/content/files.ts';
import type {DiffContent, Differ} from '../../core/diff/differ.ts';
import type {SnapshotHooks, Snapshotter} from '../../core/snapshots/snapshotter.ts';
import {openBlobFiles} from '../content-fs/blob-files.ts';
import {openDiffer} from '../diff/open-differ.ts';
import {readIdentity} from '../host/identity.ts';
import type {Database} from '../metadata-db/database.ts';
import {SqlSnapshotRecords} from '../snapshot-records/sql-snapshot-records.ts';
import {ProxiedKeys} from './proxied-keys.ts';
import {openProxyContent} from './proxy-content.ts';
import {DifferChain, ProxyDiffer} from './proxy-differ.ts';
import {ProxySnapshotter} from './proxy-snapshotter.ts';

export function openProxySnapshotter(
  {name, address}: Pick<ProxyConfig, 'name' | 'address'>,
  {database, hooks, log}: {database: Database; hooks: SnapshotHooks; log: Logger},
): Snapshotter {
  const namespaces = () => database.all<{name: string}>('SELECT name FROM namespaces').map(row => row.name);
  const records = new SqlSnapshotRecords(database, name);
  const keys = new ProxiedKeys(database, name);
  return new ProxySnapshotter({name, client: openClient({address}), records, keys, namespaces, hooks, log});
}

/** Our own directory, or the content store of another process. */
export async function openContentFiles(config: Config, log: Logger, scope: Scope): Promise<BlobFiles> {
  const directory = join(config.root, 'io.containerd.content.v1.content');
  const proxy = config.proxies.find(({kind}) => kind === 'content');
  if (!proxy) return await openBlobFiles(directory);
  const {uuid} = await readIdentity(config.root);
  const client = openClient({address: proxy.address});
  const files = await openProxyContent({client, owner: uuid, spool: join(directory, 'spool'), log});
  return scope.use(files, `content store ${proxy.name}`);
}

/** Throws invalid-argument for a name that is no differ. */
export function openDiffers(config: Config, {content, log}: {content: DiffContent; log: Logger}): Differ {
  const differs = config.differs.map(name => {
    if (name === 'walking') return openDiffer({content, log});
    const proxy = config.proxies.find(({kind, name: own}) => kind === 'diff' && own === name);
    if (proxy) return new ProxyDiffer(openClient({address: proxy.address}));
    throw new EngineError('invalid-argument', `diff-service: could not load needed differ plugin: ${name}`);
  });
  return differs.length === 1 && differs[0] ? differs[0] : new DifferChain(differs);
}

export function openSandboxProxies(
  config: Config,
): (name: string) => ContainerdClient['sandboxController'] | undefined {
  const controllers = new Map(
    config.proxies
      .filter(({kind}) => kind === 'sandbox')
      .map(({name, address}) => [name, openClient({address}).sandboxController]),
  );
  return name => controllers.get(name);
}
