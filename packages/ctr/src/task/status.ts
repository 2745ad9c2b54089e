import {Status} from '@longshore/api/gen/containerd/types/task/task';

const names: Record<number, string> = {
  [Status.CREATED]: 'CREATED',
  [Status.RUNNING]: 'RUNNING',
  [Status.STOPPED]: 'STOPPED',
  [Status.PAUSED]: 'PAUSED',
  [Status.PAUSING]: 'PAUSING',
};

export function statusName(status: Status): string {
  return names[status] ?? 'UNKNOWN';
}
