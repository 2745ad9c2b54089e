import {
  and,
  atLeast,
  choose,
  constant,
  equal,
  get,
  give,
  greater,
  less,
  load8,
  or,
  set,
  type WasmFunction,
  when,
} from './assembler.ts';

const [at, first, second, width] = [0, 1, 2, 3];
const byte = (offset: number) => load8(get(at), offset);
const isContinued = (offset: number) => equal(and(byte(offset), constant(0xc0)), constant(0x80));

/**
 * `utf8Length(at)`: how many bytes the character there has that is not ASCII, 0 when it is no valid UTF-8. Up to three
 * bytes behind it are looked at.
 */
export const utf8Length: WasmFunction = {
  name: 'utf8Length',
  parameters: 1,
  integers: 3,
  vectors: 0,
  body: [
    set(first, byte(0)),
    set(second, byte(1)),
    when(or(less(get(first), constant(0xc2)), greater(get(first), constant(0xf4))), give(constant(0))),
    when(less(get(first), constant(0xe0)), give(choose(isContinued(1), constant(2), constant(0)))),
    // Overlong forms, surrogates and what is beyond U+10FFFF.
    set(width, choose(less(get(first), constant(0xf0)), constant(3), constant(4))),
    when(
      or(
        less(
          get(second),
          choose(
            equal(get(first), constant(0xe0)),
            constant(0xa0),
            choose(equal(get(first), constant(0xf0)), constant(0x90), constant(0x80)),
          ),
        ),
        atLeast(
          get(second),
          choose(
            equal(get(first), constant(0xed)),
            constant(0xa0),
            choose(equal(get(first), constant(0xf4)), constant(0x90), constant(0xc0)),
          ),
        ),
      ),
      give(constant(0)),
    ),
    choose(and(isContinued(2), or(equal(get(width), constant(3)), isContinued(3))), get(width), constant(0)),
  ],
};
