import {nanosOf, subscribeEvents} from '@longshore/containerd-client';
import type {Leaf} from '../command/command.ts';
import {decodeEvent} from '../format/event.ts';

const leaf: Leaf = {
  usage: '[<filter>, ...]',
  flags: [],
  async run({ctx, client, args, print}) {
    for await (const {timestamp, namespace, topic, event} of await subscribeEvents(ctx, client, args)) {
      print(
        `${goTime(nanosOf(timestamp ?? {seconds: 0n, nanos: 0}))} ${namespace} ${topic} ${event ? decodeEvent(event) : '{}'}\n`,
      );
    }
  },
};
export default leaf;

/** Like Go's Time.String() in UTC: the fraction without trailing zeros. */
function goTime(nanos: bigint): string {
  const date = new Date(Number(nanos / 1_000_000n)).toISOString();
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${date.slice(0, 10)} ${date.slice(11, 19)}${fraction ? `.${fraction}` : ''} +0000 UTC`;
}
