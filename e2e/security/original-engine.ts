import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {debianExecutables, type Engine, type EngineOptions, startEngine} from '@longshore/testing';

/** Every capability that the original knows, by number. */
const names = `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
  NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
  SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
  MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`.split(/\s+/);

/**
 * Debian's engine. It asks for all capabilities of the kernel when a container is privileged, which fails on machines
 * that withhold some: its runtime is given those only that there are, as newer engines do themselves.
 */
export async function startOriginalEngine(
  options: Pick<EngineOptions, 'dockerdArgs'> & {dockerd?: string} = {},
): Promise<Engine & AsyncDisposable> {
  const directory = mkdtempSync('/tmp/ls-original-');
  const path = join(directory, 'runtime');
  writeFileSync(path, runtimeScript(), {mode: 0o755});
  const config = {runtimes: {withheld: {path}}, 'default-runtime': 'withheld'};
  try {
    const {dockerd = debianExecutables.dockerd, ...others} = options;
    const executables = {...debianExecutables, dockerd};
    const engine = await startEngine({executables, leakCheck: false, config, ...others});
    const dispose = engine[Symbol.asyncDispose].bind(engine);
    engine[Symbol.asyncDispose] = async () => {
      await dispose();
      rmSync(directory, {recursive: true});
    };
    return engine;
  } catch (error) {
    rmSync(directory, {recursive: true});
    throw error;
  }
}

function runtimeScript(): string {
  const [, mask = '0'] = /CapBnd:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const withheld = names.filter((_, number) => (BigInt(`0x${mask}`) & (1n << BigInt(number))) === 0n);
  const edits = withheld.flatMap(name => [`s/"CAP_${name}",//g`, `s/,"CAP_${name}"//g`]).join('; ');
  return `#!/bin/sh
previous=
for argument; do
  case $previous in
    --bundle) sed -i '${edits}' "$argument/config.json" ;;
    --process) sed -i '${edits}' "$argument" ;;
  esac
  previous=$argument
done
exec runc "$@"
`;
}
