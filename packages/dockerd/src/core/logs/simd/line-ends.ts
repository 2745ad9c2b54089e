import {
  add,
  advance,
  and,
  atLeast,
  bitmask,
  bytesOf,
  constant,
  equalBytes,
  get,
  greater,
  leave,
  less,
  loadVector,
  loop,
  set,
  shiftRight,
  store32,
  subtract,
  trailingZeros,
  type WasmFunction,
  when,
} from './assembler.ts';

const [start, end, ends, maximum, base, at, mask, found, first] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** Notes the end of a record. */
const note = [store32(get(ends), subtract(get(start), get(base))), advance(ends, constant(4))];
/** Records of the greatest length, as long as there is no end of a line within them. */
const cutLong = loop(
  when(atLeast(subtract(get(found), get(start)), get(maximum)), advance(start, get(maximum)), note, leave(1)),
);

/**
 * `lineEnds(start, end, ends, maximum, base)`: cuts the bytes from `start` to `end` behind each line feed, and where there is
 * none within `maximum` bytes behind those. Writes the ends to `ends` as distances from `base`, 4
 * bytes each, and gives their number. Fifteen bytes behind the end are looked at.
 */
export const lineEnds: WasmFunction = {
  name: 'lineEnds',
  parameters: 5,
  integers: 4,
  vectors: 0,
  body: [
    set(at, get(start)),
    set(first, get(ends)),
    loop(
      when(
        less(get(at), get(end)),
        set(mask, bitmask(equalBytes(loadVector(get(at)), bytesOf(10)))),
        loop(
          when(
            greater(get(mask), constant(0)),
            set(found, add(get(at), trailingZeros(get(mask)))),
            when(
              less(get(found), get(end)),
              cutLong,
              set(start, add(get(found), constant(1))),
              note,
              set(mask, and(get(mask), subtract(get(mask), constant(1)))),
              leave(2),
            ),
          ),
        ),
        advance(at, constant(16)),
        leave(1),
      ),
    ),
    set(found, get(end)),
    cutLong,
    shiftRight(subtract(get(ends), get(first)), constant(2)),
  ],
};
