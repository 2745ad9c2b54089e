/** The configuration and the directories of the containerd that dockerd runs itself. */
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {writeFileAtomic} from '@longshore/base';

export interface ManagedContainerd {
  address: string;
  configFile: string;
  pidFile: string;
}

/** Writes containerd.toml as dockerd does; the directories are made. */
export async function writeContainerdConfig(dataRoot: string, execRoot: string): Promise<ManagedContainerd> {
  const run = join(execRoot, 'containerd');
  const root = join(dataRoot, 'containerd/daemon');
  const address = join(run, 'containerd.sock');
  await mkdir(run, {recursive: true, mode: 0o711});
  await mkdir(root, {recursive: true, mode: 0o700});
  const configFile = join(run, 'containerd.toml');
  await writeFileAtomic(configFile, toml(root, join(run, 'daemon'), address, run), {durable: false, mode: 0o644});
  return {address, configFile, pidFile: join(run, 'containerd.pid')};
}

function toml(root: string, state: string, address: string, run: string): string {
  const quote = JSON.stringify;
  return `disabled_plugins = ["io.containerd.grpc.v1.cri"]
imports = []
oom_score = 0
required_plugins = []
root = ${quote(root)}
state = ${quote(state)}
temp = ""
version = 2

[debug]
  address = ${quote(join(run, 'containerd-debug.sock'))}
  format = "text"
  gid = 0
  level = ""
  uid = 0

[grpc]
  address = ${quote(address)}
  gid = 0
  max_recv_message_size = 16777216
  max_send_message_size = 16777216
  uid = 0

[metrics]
  address = ""
  grpc_histogram = false

[plugins]

[ttrpc]
  address = ""
  gid = 0
  uid = 0
`;
}
