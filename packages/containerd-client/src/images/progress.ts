import type {Descriptor} from '@longshore/api/oci';

export type BlobAction = 'waiting' | 'downloading' | 'downloaded' | 'exists' | 'uploading' | 'uploaded' | 'mounted';

/** What happens while an image is moved or unpacked. Bytes are `current` of `total`. */
export type ImageProgress =
  | {type: 'resolved'; reference: string; descriptor: Descriptor}
  | {type: 'blob'; action: BlobAction; descriptor: Descriptor; current: number; total: number; from?: string}
  | {type: 'layer'; action: 'extracting' | 'extracted' | 'exists'; descriptor: Descriptor; chainId: string}
  | {type: 'retry'; descriptor: Descriptor; attempt: number; delayMs: number; error: unknown}
  | {type: 'image'; name: string; target: Descriptor};

export type ProgressListener = (event: ImageProgress) => void;
