/** Reads JSON request bodies with Docker's checks and messages. */
import {EngineError} from '@longshore/errdefs';
import type {Shape} from '../core/shape/shape.ts';
import {HttpError} from './errors.ts';
import {describeJsonError} from './json-syntax.ts';
import type {ApiRequest} from './route.ts';

/** No JSON request of the API is near this; more would only fill memory. */
export const maxJsonBody = 4 * 1024 * 1024;

/** Reads and decodes the body. Throws when it is absent, not JSON, or of the wrong shape. */
export async function readJson<T>(request: ApiRequest, shape: Shape<T>): Promise<T> {
  checkContentType(request);
  const text = await readText(request);
  if (text.trim() === '') throw new EngineError('invalid-argument', 'invalid JSON: got EOF while reading request body');
  return decodeJson(text, shape);
}

/** The same for operations whose body may be left out (a length of zero, not an empty one); `undefined` then. */
export async function readOptionalJson<T>(request: ApiRequest, shape: Shape<T>): Promise<T | undefined> {
  if (request.body.isDone) return undefined;
  return await readJson(request, shape);
}

/** Decodes a JSON text. Throws with Go's messages. */
export function decodeJson<T>(text: string, shape: Shape<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError('invalid-argument', `invalid JSON: ${describeJsonError(text)}`);
  }
  try {
    return shape.decode(value, '');
  } catch (error) {
    throw new EngineError('invalid-argument', `invalid JSON: ${(error as Error).message}`, {cause: error});
  }
}

function checkContentType(request: ApiRequest): void {
  const type = request.header('content-type');
  if (type === '' && request.body.length === 0) return;
  const media = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (media === '') {
    throw new EngineError('invalid-argument', 'malformed Content-Type header (): mime: no media type');
  }
  if (media !== 'application/json') {
    throw new EngineError('invalid-argument', `unsupported Content-Type header (${type}): must be 'application/json'`);
  }
}

async function readText(request: ApiRequest): Promise<string> {
  const announced = request.body.length ?? 0;
  if (announced > maxJsonBody) throw new HttpError(413, `request body is larger than ${maxJsonBody} bytes`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > maxJsonBody) throw new HttpError(413, `request body is larger than ${maxJsonBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
