/** A token server as Docker's registry wants one: signed tokens for those who know the password. Tests only. */
import {createPrivateKey, randomUUID, sign} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Certificates} from './certificates.ts';

export interface TokenServer extends AsyncDisposable {
  /** For the registry's `auth`. */
  readonly auth: object;
  /** What was asked for, `GET` or `POST` before each scope. */
  readonly scopes: string[];
}

export interface TokenServerOptions extends Certificates {
  user: string;
  password: string;
  refreshToken: string;
}

const service = 'test-registry';
const issuer = 'test-issuer';

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const scopes: string[] = [];
  const server = createServer(async (request, response) => {
    const asked = await readRequest(request, options);
    scopes.push(...asked.scopes.map(scope => `${request.method} ${scope}`));
    response.statusCode = asked.isAllowed ? 200 : 401;
    const text = asked.isAllowed
      ? {token: makeToken(asked.scopes, options), expires_in: 300}
      : {details: 'wrong password'};
    response.end(JSON.stringify(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  return {
    auth: {token: {realm, service, issuer, rootcertbundle: options.ca}},
    scopes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readRequest(request: IncomingMessage, {user, password, refreshToken}: TokenServerOptions) {
  const url = new URL(request.url ?? '/', 'http://x');
  if (request.method === 'POST') {
    const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
    const scopes = form.get('scope')?.split(' ') ?? [];
    return {scopes, isAllowed: form.get('refresh_token') === refreshToken};
  }
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return {scopes: url.searchParams.getAll('scope'), isAllowed: request.headers.authorization === expected};
}

function makeToken(scopes: readonly string[], {certificate, key}: Certificates): string {
  const pem = readFileSync(certificate, 'utf8');
  const der = pem.replace(/-----[^-]+-----|\s/g, '');
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map(scope => {
    const [type, name, actions = ''] = scope.split(':');
    return {type, name, actions: actions.split(',')};
  });
  const claims = {
    iss: issuer,
    sub: 'user',
    aud: service,
    exp: now + 300,
    nbf: now - 60,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({typ: 'JWT', alg: 'RS256', x5c: [der]})}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), createPrivateKey(readFileSync(key)));
  return `${signed}.${signature.toString('base64url')}`;
}
