/** Counters of the interfaces of containers. */
import {isErrorCode} from '@longshore/errdefs';
import {inNetns, openNetlink, readKernelFileIfExists} from '@longshore/linux';
import type {InterfaceCounters} from '../../core/ports/statistics-source.ts';

/** Names that nobody has asked about lately are forgotten when there are more than this. */
const maximumKnown = 1024;
/** A network may be connected or disconnected at any time: names are looked up again after so many milliseconds. */
const namesValidMs = 5000;

type Known = {names: ReadonlySet<string>; until: number};

/**
 * Netlink tells what kind of interface each is, but entering a namespace for it costs ten times as much as reading the
 * numbers out of /proc: so the names are kept for a while.
 */
export class InterfaceReader {
  readonly #known = new Map<string, Known>();

  /** Every namespace also has the kernel's own tunnel devices, which are no interfaces of a container. */
  read(netnsPath: string, pid: number): InterfaceCounters[] {
    const known = this.#known.get(netnsPath);
    const text = known && known.until > performance.now() ? readKernelFileIfExists(`/proc/${pid}/net/dev`) : undefined;
    if (known && text !== undefined) return parseNetDev(text).filter(({name}) => known.names.has(name));
    return this.#ask(netnsPath);
  }

  #ask(netnsPath: string): InterfaceCounters[] {
    const found = askNetlink(netnsPath);
    if (this.#known.size >= maximumKnown) this.#known.clear();
    const names = new Set(found.map(({name}) => name));
    this.#known.set(netnsPath, {names, until: performance.now() + namesValidMs});
    return found;
  }
}

function askNetlink(netnsPath: string): InterfaceCounters[] {
  try {
    using netlink = inNetns(netnsPath, () => openNetlink());
    return netlink
      .linkList()
      .flatMap(({name, kind, statistics}) => (kind === 'veth' && statistics ? [{name, ...statistics}] : []));
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return [];
    throw error;
  }
}

/** Lines `eth0: BYTES PACKETS ERRORS DROPPED … (4 more) BYTES PACKETS ERRORS DROPPED …`: received, then sent. */
export function parseNetDev(text: string): InterfaceCounters[] {
  return text.split('\n').flatMap(line => {
    const [, name, numbers] = /^\s*([^:\s]+):\s*([\d\s]+)$/.exec(line) ?? [];
    if (name === undefined || numbers === undefined) return [];
    const values = numbers.trim().split(/\s+/).map(BigInt);
    const at = (index: number) => values[index] ?? 0n;
    return [
      {
        name,
        ...{rxBytes: at(0), rxPackets: at(1), rxErrors: at(2), rxDropped: at(3)},
        ...{txBytes: at(8), txPackets: at(9), txErrors: at(10), txDropped: at(11)},
      },
    ];
  });
}
