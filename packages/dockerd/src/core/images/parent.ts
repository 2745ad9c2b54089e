/** Which image another one was made from by a commit: nothing but a label of its names tells. */
import type {ImageRecord} from './image-store.ts';

/** As Docker labels what it commits. */
const label = 'org.mobyproject.image.parent';

/** The labels of a name of an image; none when the image has no parent. */
export function parentLabel(parent: string): Record<string, string> {
  return parent === '' ? {} : {[label]: parent};
}

/** The id of the parent, or the empty string. */
export function parentOf(records: readonly ImageRecord[]): string {
  return records.find(({labels}) => labels[label])?.labels[label] ?? '';
}
