/** Credentials that the client is asked for over a stream, when a registry wants some. */
import {AuthRequest, AuthResponse, AuthType} from '@longshore/api/gen/containerd/types/transfer/registry';
import {Mutex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {NamedStream} from '../../core/streaming/streams.ts';
import type {TransferCredentials} from '../../core/transfer/endpoints.ts';
import {decodeAny, encodeAny} from '../any.ts';

export function credentialsOver(
  stream: NamedStream,
  reference: string,
): (host: string) => Promise<TransferCredentials | undefined> {
  const oneAtATime = new Mutex();
  return host =>
    oneAtATime.run(async () => {
      const request = {host, reference, wwwauthenticate: []};
      await stream.send(encodeAny('containerd.types.transfer.AuthRequest', AuthRequest, request));
      const answer = await stream.receive();
      if (!answer) throw new EngineError('unauthenticated', `client gave no credentials for "${host}"`);
      return fromWire(decodeAny(answer, 'containerd.types.transfer.AuthResponse', AuthResponse));
    });
}

/** The original's client sends a refresh token without a secret when it has nothing. */
export function fromWire({authType, username, secret}: AuthResponse): TransferCredentials | undefined {
  if (authType === AuthType.CREDENTIALS) return username === '' ? undefined : {username, password: secret};
  if (authType === AuthType.REFRESH) return secret === '' ? undefined : {identityToken: secret};
  if (authType === AuthType.HEADER) return fromHeader(secret);
  return undefined;
}

/** The value of an Authorization header. */
function fromHeader(header: string): TransferCredentials | undefined {
  const [scheme = '', value = ''] = header.trim().split(/ +/);
  if (/^bearer$/i.test(scheme) && value !== '') return {registryToken: value};
  if (!/^basic$/i.test(scheme)) {
    throw new EngineError('invalid-argument', 'authorization header is neither Basic nor Bearer: invalid argument');
  }
  const [username = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return {username, password: password.join(':')};
}
