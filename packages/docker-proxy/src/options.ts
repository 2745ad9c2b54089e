/** The command line, in Go's forms: `-name value`, `-name=value`, `--name value`. */

export interface ProxyOptions {
  protocol: 'tcp' | 'udp';
  hostAddress: string;
  hostPort: number;
  containerAddress: string;
  containerPort: number;
  /** Descriptor 4 is the bound socket. */
  useListener: boolean;
}

export type Command = {kind: 'serve'; options: ProxyOptions} | {kind: 'version'} | {kind: 'help'};

export const usage = `Usage of docker-proxy:
  -container-ip value
    	container ip (default 0.0.0.0)
  -container-port int
    	container port (default -1)
  -host-ip value
    	host ip (default 0.0.0.0)
  -host-port int
    	host port (default -1)
  -proto string
    	proxy protocol (default "tcp")
  -use-listen-fd
    	use a supplied listen fd
  -v	print version information and quit
  -version
    	print version information and quit
`;

const valued = ['container-ip', 'container-port', 'host-ip', 'host-port', 'proto'];
const switches = ['use-listen-fd', 'v', 'version', 'h', 'help'];

/** Throws what is wrong with the arguments. */
export function parseArguments(argv: readonly string[]): Command {
  const values = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const [, name = '', , inline] = /^--?([a-z-]+)(=(.*))?$/s.exec(argv[i] as string) ?? [];
    if (switches.includes(name)) values.set(name, inline ?? 'true');
    else if (!valued.includes(name)) throw new Error(`flag provided but not defined: ${argv[i]}`);
    else {
      const value = inline ?? argv[++i];
      if (value === undefined) throw new Error(`flag needs an argument: -${name}`);
      values.set(name, value);
    }
  }
  const isOn = (name: string) => values.has(name) && values.get(name) !== 'false';
  if (isOn('h') || isOn('help')) return {kind: 'help'};
  if (isOn('v') || isOn('version')) return {kind: 'version'};
  return {
    kind: 'serve',
    options: {
      protocol: protocolOf(values.get('proto') ?? 'tcp'),
      hostAddress: values.get('host-ip') ?? '0.0.0.0',
      hostPort: portOf('host-port', values.get('host-port')),
      containerAddress: values.get('container-ip') ?? '0.0.0.0',
      containerPort: portOf('container-port', values.get('container-port')),
      useListener: isOn('use-listen-fd'),
    },
  };
}

function protocolOf(text: string): ProxyOptions['protocol'] {
  if (text === 'tcp' || text === 'udp') return text;
  throw new Error(text === 'sctp' ? 'protocol sctp is not implemented' : `unsupported protocol ${text}`);
}

function portOf(name: string, text: string | undefined): number {
  if (text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`invalid value ${JSON.stringify(text ?? '-1')} for flag -${name}: not a port`);
}
