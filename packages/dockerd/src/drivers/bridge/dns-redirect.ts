/**
 * Leads port 53 of 127.0.0.11 to the ports that the DNS server listens on: port 53 itself stays free for a server that
 * the container runs. The chains are Docker's.
 */
import {codeOf} from '@longshore/errdefs';
import {runIptables} from './run-iptables.ts';

const address = '127.0.0.11';
const jumps = [`OUTPUT -d ${address}/32 -j DOCKER_OUTPUT`, `POSTROUTING -d ${address}/32 -j DOCKER_POSTROUTING`];

/** Runs one process, a second one when the rules of an earlier daemon are not there after all. */
export async function redirectDns(
  namespace: string,
  ports: {udp: number; tcp: number},
  options: {path: string; isAdopted: boolean},
): Promise<void> {
  const {path, isAdopted} = options;
  const restore = (replaces: boolean) => {
    const args = ['--wait', '10', '--noflush'];
    return runIptables({program: 'iptables-restore', args, input: redirectInput(ports, replaces), path, namespace});
  };
  if (isAdopted) {
    try {
      await restore(true);
      return;
    } catch (error) {
      if (codeOf(error) !== 'internal') throw error;
    }
  }
  await restore(false);
}

/** The chains are emptied in any case; `replaces` also takes out the jumps that are there. */
export function redirectInput({udp, tcp}: {udp: number; tcp: number}, replaces: boolean): string {
  const port = (protocol: string, to: number) => [
    `-A DOCKER_OUTPUT -d ${address}/32 -p ${protocol} -m ${protocol} --dport 53 -j DNAT --to-destination ${address}:${to}`,
    `-A DOCKER_POSTROUTING -s ${address}/32 -p ${protocol} -m ${protocol} --sport ${to} -j SNAT --to-source :53`,
  ];
  return [
    '*nat',
    ':DOCKER_OUTPUT - [0:0]',
    ':DOCKER_POSTROUTING - [0:0]',
    ...(!replaces ? [] : jumps.map(jump => `-D ${jump}`)),
    ...jumps.map(jump => `-A ${jump}`),
    ...port('tcp', tcp),
    ...port('udp', udp),
    'COMMIT',
    '',
  ].join('\n');
}
