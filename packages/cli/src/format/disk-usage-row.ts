/** Rows of `docker system df`: one for each kind of thing that takes space. */
import type {BuildCacheRecord, ContainerSummary, DiskUsage, ImageSummary, Volume} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {RowType} from './list.ts';

export const diskUsageTable = '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';

export interface DiskUsageRow {
  type: string;
  total: number;
  active: number;
  /** bytes */
  size: number;
  reclaimable: number;
}

export function diskUsageRows(usage: DiskUsage): DiskUsageRow[] {
  return [
    images(usage.Images ?? [], Number(usage.LayersSize)),
    containers(usage.Containers ?? []),
    volumes(usage.Volumes ?? []),
    buildCache(usage.BuildCache ?? []),
  ];
}

export const diskUsageRow: RowType<DiskUsageRow> = {
  goType: '*formatter.diskUsageContext',
  fields: {
    Type: {header: 'TYPE', get: row => row.type},
    TotalCount: {header: 'TOTAL', get: row => String(row.total)},
    Active: {header: 'ACTIVE', get: row => String(row.active)},
    Size: {header: 'SIZE', get: row => humanSize(row.size)},
    Reclaimable: {header: 'RECLAIMABLE', get: reclaimable},
  },
};

function reclaimable({type, size, reclaimable: bytes}: DiskUsageRow): string {
  if (type === 'Build Cache' || size <= 0) return humanSize(bytes);
  return `${humanSize(bytes)} (${Math.trunc((bytes * 100) / size)}%)`;
}

/** Layers that some container uses cannot be reclaimed; a shared layer counts once. */
function images(list: ImageSummary[], layersSize: number): DiskUsageRow {
  const used = list
    .filter(image => image.Containers !== 0 && image.Size !== -1 && image.SharedSize !== -1)
    .reduce((sum, image) => sum + image.Size - image.SharedSize, 0);
  const active = list.filter(image => image.Containers > 0).length;
  return {type: 'Images', total: list.length, active, size: layersSize, reclaimable: layersSize - used};
}

function containers(list: ContainerSummary[]): DiskUsageRow {
  const isActive = ({State: state}: ContainerSummary) => ['running', 'paused', 'restarting'].includes(state);
  const size = (items: ContainerSummary[]) => items.reduce((sum, item) => sum + Number(item.SizeRw ?? 0), 0);
  const idle = list.filter(item => !isActive(item));
  return {
    type: 'Containers',
    total: list.length,
    active: list.length - idle.length,
    size: size(list),
    reclaimable: size(idle),
  };
}

function volumes(list: Volume[]): DiskUsageRow {
  const size = (items: Volume[]) =>
    items.reduce((sum, {UsageData: usage}) => sum + Math.max(0, Number(usage?.Size ?? 0)), 0);
  const unused = list.filter(volume => volume.UsageData?.RefCount === 0);
  const active = list.filter(volume => (volume.UsageData?.RefCount ?? 0) > 0).length;
  return {type: 'Local Volumes', total: list.length, active, size: size(list), reclaimable: size(unused)};
}

function buildCache(list: BuildCacheRecord[]): DiskUsageRow {
  const own = list.filter(record => !record.Shared);
  const size = (items: BuildCacheRecord[]) => items.reduce((sum, record) => sum + Number(record.Size), 0);
  const active = list.filter(record => record.InUse).length;
  return {
    type: 'Build Cache',
    total: list.length,
    active,
    size: size(own),
    reclaimable: size(own.filter(record => !record.InUse)),
  };
}
