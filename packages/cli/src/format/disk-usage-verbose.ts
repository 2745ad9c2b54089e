/** `docker system df -v`: a table for each kind of thing, or all of them as one JSON object. */
import type {BuildCacheRecord, DiskUsage, ImageSummary} from '@longshore/api/engine';
import {goJson, humanSize} from '@longshore/term';
import {CliError} from '../command/errors.ts';
import {containerRow} from './container-row.ts';
import {imageRow, imageRows} from './image-row.ts';
import {formatTable, Row, type RowType} from './list.ts';
import {ago} from './text.ts';
import {volumeRow} from './volume-row.ts';

const imageTable =
  '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}';
const containerTable =
  '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}';
const volumeTable = '{{.Name}}\t{{.Links}}\t{{.Size}}';
const cacheTable =
  '{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}';

/** Throws CliError for a format that this list does not have. */
export function verboseDiskUsage(usage: DiskUsage, format: string): string {
  if (format === '' || format === 'table') return tables(usage);
  if (format !== 'json') throw new CliError('a verbose list can only be a table or json');
  const rows = <T>(items: readonly T[], type: RowType<T>) => items.map(item => new Row(item, type).toJSON());
  const object = {
    Images: rows(namedImages(usage), imageRow({truncate: false})),
    Containers: rows(containersOf(usage), containerRow({truncate: false})),
    Volumes: rows(usage.Volumes ?? [], volumeRow),
    BuildCache: rows(usage.BuildCache ?? [], cacheRow({truncate: false})),
  };
  return `${goJson(object, {escapeHtml: true})}\n`;
}

function tables(usage: DiskUsage): string {
  const containers = containersOf(usage);
  const cache = usage.BuildCache ?? [];
  const cacheSize = cache.filter(record => !record.Shared).reduce((sum, record) => sum + Number(record.Size), 0);
  return (
    `Images space usage:\n\n${formatTable(namedImages(usage), imageRow({truncate: true}), imageTable)}\n` +
    `Containers space usage:\n\n${formatTable(containers, containerRow({truncate: true}), containerTable)}\n` +
    `Local Volumes space usage:\n\n${formatTable(usage.Volumes ?? [], volumeRow, volumeTable)}\n` +
    `Build cache usage: ${humanSize(cacheSize)}\n\n${formatTable(cache, cacheRow({truncate: true}), cacheTable)}`
  );
}

/** Containers with their own size only: the image's is in the list of images. */
function containersOf(usage: DiskUsage) {
  return (usage.Containers ?? []).map(container => ({...container, SizeRootFs: 0}));
}

/** One row an image, by its first name. */
function namedImages(usage: DiskUsage) {
  return (usage.Images ?? []).flatMap((image: ImageSummary) =>
    imageRows([image], false)
      .slice(0, 1)
      .map(row => ({...row, digest: ''})),
  );
}

function cacheRow(options: {truncate: boolean}): RowType<BuildCacheRecord> {
  const since = (text: string | null) => (text ? ago(Date.parse(text) / 1000) : '');
  return {
    goType: '*formatter.buildCacheContext',
    fields: {
      ID: {header: 'CACHE ID', get: record => cacheId(record, options.truncate)},
      Parent: {header: 'PARENT', get: record => (record[' Parents'] ?? []).join(', ')},
      CacheType: {header: 'CACHE TYPE', get: record => record.Type},
      Description: {header: 'DESCRIPTION', get: record => record.Description},
      Size: {header: 'SIZE', get: record => humanSize(Number(record.Size), 3)},
      CreatedAt: {header: 'CREATED AT', get: record => record.CreatedAt},
      CreatedSince: {header: 'CREATED', get: record => since(record.CreatedAt)},
      LastUsedAt: {header: 'LAST USED AT', get: record => record.LastUsedAt ?? ''},
      LastUsedSince: {header: 'LAST USED', get: record => since(record.LastUsedAt)},
      UsageCount: {header: 'USAGE', get: record => String(record.UsageCount)},
      InUse: {header: 'IN USE', get: record => String(record.InUse)},
      Shared: {header: 'SHARED', get: record => String(record.Shared)},
    },
  };
}

/** A record in use is marked. */
function cacheId(record: BuildCacheRecord, truncate: boolean): string {
  const id = truncate ? record.ID.slice(0, 12) : record.ID;
  return record.InUse ? `${id}*` : id;
}
