import {isErrorCode} from '@longshore/errdefs';
import type {DiffContent} from '../diff/differ.ts';
import type {Content} from './content.ts';

/** The content store as the differ sees it. */
export function diffContent(content: Content): DiffContent {
  return {
    blobPath: (ctx, digest) => content.blobPath(ctx, digest),
    async openWriter(ctx, ref) {
      const writer = await content.openWriter(ctx, {ref});
      // What an earlier, killed diff left behind is of no use: tars are made from the start.
      if (writer.status().offset > 0) await writer.truncate(0);
      let committed = false;
      return {
        write: chunk => writer.write(chunk),
        async commit(labels) {
          const result = {digest: writer.digest(), size: writer.status().offset};
          try {
            await writer.commit(ctx, {labels});
          } catch (error) {
            if (!isErrorCode(error, 'already-exists')) throw error;
          }
          committed = true;
          return result;
        },
        async [Symbol.asyncDispose]() {
          await writer[Symbol.asyncDispose]();
          if (committed) return;
          await content.abort(ctx, ref).catch(error => {
            if (!isErrorCode(error, 'not-found')) throw error;
          });
        },
      };
    },
  };
}
