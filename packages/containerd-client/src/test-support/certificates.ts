/** Certificates made on the spot by openssl. Tests only. */
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface Certificates {
  /** Paths. The server's is for 127.0.0.1 and localhost. */
  ca: string;
  certificate: string;
  key: string;
}

export function makeCertificates(directory: string): Certificates {
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), {cwd: directory, stdio: 'pipe'});
  openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca');
  openssl('req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost');
  writeFileSync(join(directory, 'ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  openssl('x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile ext');
  const path = (name: string) => join(directory, name);
  return {ca: path('ca.crt'), certificate: path('server.crt'), key: path('server.key')};
}
