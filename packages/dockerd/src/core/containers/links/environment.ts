/** Variables that tell a container about one that it is linked to: address, ports and environment. */

export interface LinkedContainer {
  alias: string;
  /** `/parent/alias`. */
  linkName: string;
  address: string;
  /** Keys as `80/tcp`. */
  exposedPorts: readonly string[];
  env: readonly string[];
}

interface LinkedPort {
  number: number;
  protocol: string;
}

/** Set during a build, and of no meaning to others. */
const leftOut = ['HOME', 'PATH'];

/** `DB_PORT`, `DB_PORT_80_TCP…`, `DB_NAME`, `DB_ENV_…`, in Docker's order. */
export function linkEnvironment({alias, linkName, address, exposedPorts, env}: LinkedContainer): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = exposedPorts.map(parsePort).sort(comparePorts);
  const url = ({protocol, number}: LinkedPort) => `${protocol}://${address}:${number}`;
  const [first] = ports;
  return [
    ...(first ? [`${prefix}_PORT=${url(first)}`] : []),
    ...ranges(ports).flatMap(([from, to]) => {
      const name = portName(prefix, from);
      return [
        `${name}_START=${url(from)}`,
        `${name}_ADDR=${address}`,
        `${name}_PROTO=${from.protocol}`,
        `${name}_PORT_START=${from.number}`,
        `${name}_END=${url(to)}`,
        `${name}_PORT_END=${to.number}`,
      ];
    }),
    ...ports.flatMap(port => {
      const name = portName(prefix, port);
      return [
        `${name}=${url(port)}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port.number}`,
        `${name}_PROTO=${port.protocol}`,
      ];
    }),
    `${prefix}_NAME=${linkName}`,
    ...env.filter(each => each.includes('=') && !isLeftOut(each)).map(each => `${prefix}_ENV_${each}`),
  ];
}

function portName(prefix: string, {number, protocol}: LinkedPort): string {
  return `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
}

function parsePort(text: string): LinkedPort {
  const [number = '0', protocol = 'tcp'] = text.split('/');
  return {number: Number.parseInt(number, 10), protocol};
}

/** By number; of two with one number tcp comes first. */
function comparePorts(a: LinkedPort, b: LinkedPort): number {
  return a.number - b.number || Number(b.protocol === 'tcp') - Number(a.protocol === 'tcp');
}

/** Runs of at least two ports whose numbers follow each other. */
function ranges(ports: readonly LinkedPort[]): [LinkedPort, LinkedPort][] {
  const found: [LinkedPort, LinkedPort][] = [];
  for (let start = 0; start < ports.length; ) {
    let end = start;
    while (ports[end + 1]?.number === (ports[end]?.number ?? 0) + 1) end++;
    if (end > start) found.push([ports[start] as LinkedPort, ports[end] as LinkedPort]);
    start = end + 1;
  }
  return found;
}

function isLeftOut(variable: string): boolean {
  return leftOut.some(name => variable.startsWith(`${name}=`));
}
