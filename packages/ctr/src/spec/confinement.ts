/** What else a container is confined by: seccomp, AppArmor, a class of resctrl. */
import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {release} from 'node:os';
import type {LinuxSeccomp} from '@longshore/api/oci';
import {EngineError, messageOf} from '@longshore/errdefs';
import {readKernelFileIfExists} from '@longshore/linux';
import {defaultPlatform, defaultSeccompProfile, resolveSeccomp} from '@longshore/oci';
import {UsageError} from '../command/errors.ts';
import type {FlagValues} from '../command/flag-values.ts';
import type {FullSpec} from './default-spec.ts';

/** After the capabilities are settled: the default seccomp profile allows what they would. */
export async function confine(spec: FullSpec, flags: FlagValues): Promise<void> {
  const seccomp = await seccompOf(spec, flags);
  if (seccomp) spec.linux.seccomp = seccomp;
  await applyAppArmor(spec, flags);
  const rdtClass = flags.text('rdt-class');
  if (rdtClass === '') return;
  if (readKernelFileIfExists('/sys/fs/resctrl/schemata') === undefined) {
    throw new EngineError('failed-precondition', 'cannot use --rdt-class: resctrl is not mounted at /sys/fs/resctrl');
  }
  spec.linux.intelRdt = {closID: rdtClass};
}

/** A profile of the user's is one of the OCI specification, as `linux.seccomp` holds it. */
async function seccompOf(spec: FullSpec, flags: FlagValues): Promise<LinuxSeccomp | undefined> {
  const file = flags.text('seccomp-profile');
  if (!flags.bool('seccomp')) {
    if (file !== '') throw new UsageError('seccomp must be set to true, before using seccomp-profile', false);
    return undefined;
  }
  if (file === '') {
    const capabilities = spec.process.capabilities?.bounding ?? [];
    const {architecture} = defaultPlatform();
    return resolveSeccomp(defaultSeccompProfile, {capabilities, architecture, kernelVersion: release()});
  }
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LinuxSeccomp;
  } catch (error) {
    throw new EngineError(
      'invalid-argument',
      `cannot load seccomp profile ${JSON.stringify(file)}: ${messageOf(error)}`,
    );
  }
}

async function applyAppArmor(spec: FullSpec, flags: FlagValues): Promise<void> {
  const custom = flags.text('apparmor-profile');
  const generated = flags.text('apparmor-default-profile');
  if (custom !== '' && generated !== '')
    throw new UsageError('apparmor-profile conflicts with apparmor-default-profile', false);
  if (custom === '' && generated === '') return;
  if (readKernelFileIfExists('/sys/module/apparmor/parameters/enabled')?.trim() !== 'Y') {
    throw new EngineError('failed-precondition', 'cannot use an AppArmor profile: AppArmor is not enabled here');
  }
  if (generated !== '') await loadProfile(generated);
  spec.process.apparmorProfile = custom || generated;
}

/** Hands a profile that keeps a container off the host's kernel files to apparmor_parser(8). */
function loadProfile(name: string): Promise<void> {
  if (!/^[\w.-]+$/.test(name)) throw new EngineError('invalid-argument', `invalid AppArmor profile name "${name}"`);
  return new Promise((resolve, reject) => {
    const parser = execFile('apparmor_parser', ['--replace', '--skip-cache'], (error, _out, stderr) => {
      if (!error) return resolve();
      const text = `cannot load AppArmor profile "${name}": ${stderr.trim() || error.message}`;
      reject(new EngineError('failed-precondition', text, {cause: error}));
    });
    parser.stdin?.on('error', () => {}); // the callback tells why it went away
    parser.stdin?.end(profileText(name));
  });
}

function profileText(name: string): string {
  return `#include <tunables/global>
profile ${name} flags=(attach_disconnected,mediate_deleted) {
  #include <abstractions/base>
  network,
  capability,
  file,
  umount,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=${name},
  ptrace (trace, read, tracedby, readby) peer=${name},
  deny mount,
  deny @{PROC}/{[^1-9]*,[1-9][^0-9]*} w,
  deny @{PROC}/sys/** w,
  deny @{PROC}/{sysrq-trigger,kcore,kmem,mem} rwklx,
  deny /sys/{firmware,kernel/security}/** rwklx,
  deny /sys/** wklx,
}
`;
}
