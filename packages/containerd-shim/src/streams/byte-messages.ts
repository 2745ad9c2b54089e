/** What goes over a stream of bytes: Data one way, as much as the WindowUpdates of the other way allow. */
import {Data, WindowUpdate} from '@longshore/api/gen/containerd/types/transfer/streaming';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError} from '@longshore/errdefs';

const dataType = 'containerd.types.transfer.Data';
const windowType = 'containerd.types.transfer.WindowUpdate';

/** Bytes of one message, as containerd's streams have them. */
export const pieceBytes = 32 * 1024;
/** Bytes that may be on their way to us. */
export const windowBytes = 2 * pieceBytes;

export function dataMessage(data: Buffer): Any {
  return {typeUrl: dataType, value: Buffer.from(Data.encode({data}).finish())};
}

export function windowMessage(update: number): Any {
  return {typeUrl: windowType, value: Buffer.from(WindowUpdate.encode({update}).finish())};
}

export function parseData(message: Any): Buffer {
  return Data.decode(checked(message, dataType)).data;
}

/** More bytes that the other side takes. */
export function parseWindow(message: Any): number {
  const {update} = WindowUpdate.decode(checked(message, windowType));
  if (update < 0) throw new EngineError('invalid-argument', 'negative window update: invalid argument');
  return update;
}

/** Type URLs come with a host before the name, too. */
function checked({typeUrl, value}: Any, type: string): Buffer {
  if (typeUrl.slice(typeUrl.lastIndexOf('/') + 1) === type) return value;
  throw new EngineError('invalid-argument', `unexpected "${typeUrl}" in a stream of bytes: invalid argument`);
}
