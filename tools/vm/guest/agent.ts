/**
 * Runs in the guest: reads commands from a virtio port, one JSON object a line, and answers in the same way.
 *
 *   in   {"id": 1, "run": "systemctl is-system-running", "input"?: string}
 *   out  {"id": 1, "out": "base64…"} {"id": 1, "err": "base64…"} {"id": 1, "code": 0}
 *
 * At its start it says {"ready": "<boot id>"}. Commands run side by side, each a `bash -c` in a session of its own.
 */
import {spawn} from 'node:child_process';
import {createReadStream, openSync, readFileSync, writeSync} from 'node:fs';
import {createInterface} from 'node:readline';

interface Command {
  id: number;
  run: string;
  input?: string;
}

const port = openSync('/dev/virtio-ports/longshore', 'r+');
const say = (message: object): void => {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(port, bytes, at);
};

function run(command: Command): void {
  // Commands belong to the machine's own slice, not to the agent's unit.
  const child = spawn('bash', ['-c', command.run], {
    cwd: '/root',
    env: {PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8'},
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.on('data', (bytes: Buffer) => say({id: command.id, out: bytes.toString('base64')}));
  child.stderr.on('data', (bytes: Buffer) => say({id: command.id, err: bytes.toString('base64')}));
  child.stdin.on('error', () => {}); // the command did not want its input
  child.stdin.end(command.input ?? '');
  child.on('error', error => say({id: command.id, err: Buffer.from(String(error)).toString('base64'), code: 127}));
  child.on('close', (code, signal) => say({id: command.id, code: code ?? 128, signal: signal ?? undefined}));
}

say({ready: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()});
for await (const line of createInterface({input: createReadStream('', {fd: port, autoClose: false})})) {
  if (line !== '') run(JSON.parse(line) as Command);
}
