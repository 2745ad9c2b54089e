/** `ssh://` hosts: the other end runs `docker system dial-stdio`, whose standard streams are the connection. */
import {spawn} from 'node:child_process';
import type {Socket} from 'node:net';
import {Duplex} from 'node:stream';

/** The stream has no address and no timeouts, but all of a socket that an HTTP exchange uses. */
export async function openSsh(destination: string, args: string[]): Promise<Socket> {
  const command = ['-o', 'ConnectTimeout=30', '-T', ...args, '--', destination, 'docker', 'system', 'dial-stdio'];
  const child = spawn('ssh', command, {stdio: ['pipe', 'pipe', 'pipe']});
  let complaint = '';
  child.stderr.on('data', chunk => {
    if (complaint.length < 4096) complaint += chunk;
  });
  const duplex = Duplex.from({readable: child.stdout, writable: child.stdin} as never);
  child.on('error', error => duplex.destroy(error));
  child.on('exit', code => {
    if (code === 0 || code === null) return;
    const text =
      `command [ssh ${command.join(' ')}] has exited with exit status ${code}, make sure the URL is valid, and ` +
      `Docker 18.09 or later is installed on the remote host: stderr=${complaint}`;
    duplex.destroy(new Error(text));
  });
  return duplex as unknown as Socket;
}
