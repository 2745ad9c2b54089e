/** Volumes as directories: `<root>/NAME/_data`, with what is known of them beside it. */
import {chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type CallContext, type Logger, Scope, syncDirectory} from '@longshore/base';
import {isMountPoint, mountAll, umount} from '@longshore/linux';
import {map, type ShapeOf, struct, text} from '../../core/shape/shape.ts';
import type {Owner} from '../../core/users/remapping.ts';
import type {NewVolume, VolumeDriver} from '../../core/volumes/driver.ts';
import {readVolumeOptions, type Volume} from '../../core/volumes/volume.ts';
import {copyUp} from './copy-up.ts';
import {directoryUsage} from './directory-usage.ts';

/** Directories that are being made or removed; no volume has such a name. */
const unfinished = '.unfinished-';
const metadataFile = 'metadata.json';
/** Docker's own name and format for the options. */
const optionsFile = 'opts.json';

const metadataShape = struct({
  /** RFC 3339; empty for a volume of the original engine. */
  CreatedAt: text,
  Labels: map(text),
  Options: map(text),
});
type Metadata = ShapeOf<typeof metadataShape>;

/** `owner` is whose the directories of new volumes are. */
export function openLocalDriver(root: string, log: Logger, owner?: Owner): VolumeDriver {
  return {
    load: () => loadVolumes(root, log),
    create: volume => createVolume(root, volume, owner, log),
    remove: volume => removeVolume(root, volume),
    async mount(volume) {
      if (!volume.mount || isMountPoint(volume.mountpoint)) return;
      const {type, device, options} = volume.mount;
      const parsed = options === '' ? [] : options.split(',');
      mountAll([{type, source: device, options: parsed}], volume.mountpoint);
    },
    async unmount(volume) {
      if (volume.mount && isMountPoint(volume.mountpoint)) umount(volume.mountpoint);
    },
    isMounted: volume => volume.mount !== undefined && isMountPoint(volume.mountpoint),
    usage: (ctx, volume) => directoryUsage(ctx, volume.mountpoint),
    copyUp: (ctx: CallContext, volume, source) => copyUp(ctx, source, volume.mountpoint),
  };
}

async function loadVolumes(root: string, log: Logger): Promise<Volume[]> {
  await mkdir(root, {recursive: true, mode: 0o701});
  const volumes: Volume[] = [];
  for (const entry of await readdir(root, {withFileTypes: true})) {
    const path = join(root, entry.name);
    if (entry.name.startsWith(unfinished)) await rm(path, {recursive: true, force: true});
    else if (entry.isDirectory()) {
      try {
        volumes.push(await loadVolume(path, entry.name));
      } catch (error) {
        log.error({volume: entry.name, error}, 'cannot read a volume, ignoring it');
      }
    }
  }
  return volumes;
}

/** Also a volume that the original engine made: it keeps labels elsewhere, and options in opts.json. */
async function loadVolume(path: string, name: string): Promise<Volume> {
  const {birthtime} = await stat(join(path, '_data'));
  const metadata = await readMetadata(path);
  const created = metadata.CreatedAt === '' ? birthtime : new Date(metadata.CreatedAt);
  return {
    name,
    driver: 'local',
    mountpoint: join(path, '_data'),
    createdAt: created,
    labels: metadata.Labels,
    options: metadata.Options,
    mount: readVolumeOptions(name, metadata.Options),
  };
}

async function readMetadata(path: string): Promise<Metadata> {
  const own = await readJson(join(path, metadataFile));
  if (own !== undefined) return metadataShape.decode(own, '');
  const foreign = (await readJson(join(path, optionsFile))) as Record<string, unknown> | undefined;
  if (!foreign) return metadataShape.zero();
  const {MountType = '', MountOpts = '', MountDevice = ''} = foreign as Record<string, string>;
  const options = {type: MountType, o: MountOpts, device: MountDevice};
  return {
    CreatedAt: '',
    Labels: null,
    Options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== '')),
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function createVolume(
  root: string,
  {name, labels, options, mount}: NewVolume,
  owner: Owner | undefined,
  log: Logger,
): Promise<Volume> {
  await using scope = new Scope(log);
  const staging = await mkdtemp(join(root, unfinished));
  scope.defer(`remove ${staging}`, () => rm(staging, {recursive: true, force: true}));
  await mkdir(join(staging, '_data'), {mode: 0o755});
  if (owner) await chown(join(staging, '_data'), owner.uid, owner.gid);
  const createdAt = new Date();
  const metadata = metadataShape.encode({CreatedAt: createdAt.toISOString(), Labels: labels, Options: options});
  await writeFile(join(staging, metadataFile), JSON.stringify(metadata), {mode: 0o600, flush: true});
  if (mount) {
    const document = {
      MountType: mount.type,
      MountOpts: mount.options,
      MountDevice: mount.device,
      Quota: {Size: 0},
    };
    await writeFile(join(staging, optionsFile), JSON.stringify(document), {mode: 0o600, flush: true});
  }
  await chmod(staging, 0o701); // Docker's: to be passed through by remapped users
  await rename(staging, join(root, name));
  await syncDirectory(root);
  scope.release();
  return {name, driver: 'local', mountpoint: join(root, name, '_data'), createdAt, labels, options, mount};
}

/** Renamed first: a volume that is half gone must not be taken for a whole one. */
async function removeVolume(root: string, {name}: Volume): Promise<void> {
  const doomed = join(root, `${unfinished}${name}`);
  await rm(doomed, {recursive: true, force: true});
  await rename(join(root, name), doomed);
  await syncDirectory(root);
  await rm(doomed, {recursive: true, force: true});
}
