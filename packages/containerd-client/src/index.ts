/** The client of containerd: gRPC in, plain objects and EngineErrors out, for dockerd and ctr. */

export type {Any} from './any.ts';
export {packAny, packJson, unpackAny, unpackJson} from './any.ts';
export type {BidiCall} from './call/bidi.ts';
export type {Channel} from './call/channel.ts';
export {openChannel} from './call/channel.ts';
export type {ServiceClient} from './call/make-client.ts';
export {makeClient} from './call/make-client.ts';
export type {CallOptions} from './call/options.ts';
export type {ClientOptions, ContainerdClient, ImageServices} from './client.ts';
export {openClient} from './client.ts';
export type {BlobSource, ExpectedBlob} from './content/ingest.ts';
export {contentSize, ingest, setContentLabels, writeBlob} from './content/ingest.ts';
export {readBlob, readContent} from './content/reader.ts';
export type {ContentWriter, WriterOptions} from './content/writer.ts';
export {openContentWriter} from './content/writer.ts';
export {subscribeEvents} from './events.ts';
export type {ExportOptions} from './images/export.ts';
export {exportArchive} from './images/export.ts';
export type {FetchImageOptions, UnpackTarget} from './images/fetch-image.ts';
export {fetchImage} from './images/fetch-image.ts';
export {childLabels, labelChildren} from './images/gc-labels.ts';
export type {ImportedImage, ImportOptions} from './images/import.ts';
export {importArchive} from './images/import.ts';
export type {BlobAction, ImageProgress, ProgressListener} from './images/progress.ts';
export type {PulledImage, PullOptions} from './images/pull.ts';
export {pullImage} from './images/pull.ts';
export type {PushOptions} from './images/push.ts';
export {pushImage} from './images/push.ts';
export type {ImageParts} from './images/read.ts';
export {childrenOf, imageUsage, readImage, walkContent} from './images/read.ts';
export type {ImageRecord, NewImage} from './images/record.ts';
export {
  createImage,
  deleteImage,
  descriptorFromWire,
  descriptorToWire,
  getImage,
  listImages,
  putImage,
} from './images/record.ts';
export type {UnpackOptions} from './images/unpack.ts';
export {defaultSnapshotter, isUnpacked, unpackImage} from './images/unpack.ts';
export type {Lease} from './leases.ts';
export {acquireLease, withLease} from './leases.ts';
export type {WireTime} from './time.ts';
export {fromDate, nanosOf, toDate} from './time.ts';
export {receiveBytes, sendBytes} from './transfer/byte-stream.ts';
export type {MessageStream, OpenStream} from './transfer/message-stream.ts';
export {openStream} from './transfer/message-stream.ts';
export type {TransferEnd, TransferOptions} from './transfer/transfer.ts';
export {transfer} from './transfer/transfer.ts';
