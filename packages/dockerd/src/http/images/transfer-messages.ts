/** Progress of pulls and pushes in the words of Docker, layer by layer. */
import type {Descriptor} from '@longshore/api/oci';
import {isLayerType} from '@longshore/oci';
import type {TransferProgress} from '../../core/images/image-store.ts';
import {shortDigest} from '../../core/images/names.ts';
import type {JsonStream} from './json-stream.ts';
import {progressBar} from './progress-bar.ts';

/** Counts of one layer are shown at most this often. */
const intervalMs = 100;

/** Turns the progress of one transfer into lines. Only layers are shown, as people know them. */
export class TransferMessages {
  readonly #stream: JsonStream;
  readonly #direction: 'pull' | 'push';
  readonly #seen = new Set<string>();
  readonly #finished = new Set<string>();
  readonly #lastCount = new Map<string, number>();

  constructor(stream: JsonStream, direction: 'pull' | 'push') {
    this.#stream = stream;
    this.#direction = direction;
  }

  show(event: TransferProgress): void {
    if (event.type === 'resolved' || !isLayerType(event.descriptor.mediaType)) return;
    const id = shortDigest(event.descriptor.digest);
    if (!this.#seen.has(id)) {
      this.#seen.add(id);
      const isThere = event.type !== 'retry' && event.action === 'exists';
      if (!isThere) this.#status(id, this.#direction === 'pull' ? 'Pulling fs layer' : 'Preparing');
    }
    if (event.type === 'retry') this.#status(id, `Retrying in ${Math.ceil(event.delayMs / 1000)} seconds`);
    else if (event.type === 'layer') this.#showLayer(id, event.action);
    else if (this.#direction === 'pull') this.#showDownload(id, event);
    else this.#showUpload(id, event);
  }

  #showLayer(id: string, action: 'extracting' | 'extracted' | 'exists'): void {
    if (this.#finished.has(id)) return;
    if (action === 'extracting') this.#status(id, 'Extracting');
    else this.#finish(id, action === 'exists' ? 'Already exists' : 'Pull complete');
  }

  #showDownload(id: string, event: Extract<TransferProgress, {type: 'blob'}>): void {
    const {action} = event;
    if (action === 'waiting') this.#status(id, 'Waiting');
    else if (action === 'downloading') this.#count(id, 'Downloading', event);
    else if (action === 'downloaded') {
      this.#status(id, 'Verifying Checksum');
      this.#status(id, 'Download complete');
    }
  }

  #showUpload(id: string, event: Extract<TransferProgress, {type: 'blob'}>): void {
    const {action, from} = event;
    if (action === 'waiting') this.#status(id, 'Waiting');
    else if (action === 'uploading') this.#count(id, 'Pushing', event);
    else if (action === 'uploaded') this.#finish(id, 'Pushed');
    else if (action === 'mounted') this.#finish(id, `Mounted from ${from}`);
    else if (action === 'exists') this.#finish(id, 'Layer already exists');
  }

  #count(id: string, status: string, {current, total}: {current: number; total: number; descriptor: Descriptor}): void {
    const now = Date.now();
    const isLast = total > 0 && current >= total;
    if (!isLast && (this.#stream.isBusy || now - (this.#lastCount.get(id) ?? 0) < intervalMs)) return;
    this.#lastCount.set(id, now);
    void this.#stream.send({status, progressDetail: {current, total}, progress: progressBar(current, total), id});
  }

  #finish(id: string, status: string): void {
    if (this.#finished.has(id)) return;
    this.#finished.add(id);
    this.#status(id, status);
  }

  #status(id: string, status: string): void {
    void this.#stream.send({status, progressDetail: {}, id});
  }
}
