/** Names of containers: what is allowed, and what a container without one gets. */
import {randomInt} from 'node:crypto';
import {EngineError} from '@longshore/errdefs';

const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';
const pattern = new RegExp(`^/?${allowed}+$`);

/** The name with its leading slash. Throws for characters that are not allowed, or fewer than two of them. */
export function checkName(name: string): string {
  if (!pattern.test(name)) {
    throw new EngineError('invalid-argument', `Invalid container name (${name}), only ${allowed} are allowed`);
  }
  return name.startsWith('/') ? name : `/${name}`;
}

const adjectives =
  'able agile alert ample apt bold brave breezy bright brisk calm candid careful cheerful chipper clear clever cool cosy curious daring deft eager earnest easy elated fair fancy fearless festive fleet fond frank free friendly gallant gentle glad golden grand happy hardy hearty honest hopeful humble jolly jovial keen kind lively loyal lucid lucky mellow merry mighty mild modest neat nimble noble optimistic patient peaceful plucky polite proud quick quiet rapid ready robust serene sharp silly sincere sleek snug sober spry steady stoic sturdy sunny swift tender tidy tranquil trusty upbeat valiant vivid warm wary watchful willing wise witty zealous zesty'.split(
    ' ',
  );
const surnames =
  'abel ampere archimedes avicenna babbage banach bardeen bell bernoulli bohr boltzmann boole bose brahe cantor carson cauchy cayley celsius chandrasekhar clarke copernicus coulomb crick curie cuvier dalton darwin davy descartes dijkstra dirac edison einstein elion erdos euclid euler faraday fermat fermi feynman fibonacci fourier franklin galileo galois gauss germain goedel goodall hamilton heisenberg hermann herschel hertz hilbert hodgkin hopper hubble huygens hypatia jacobi jenner joule kelvin kepler khayyam knuth kovalevskaya lagrange lamarr laplace lavoisier leibniz linnaeus lorentz lovelace mach maxwell mayer mcclintock meitner mendel mendeleev napier newton nightingale noether ohm oppenheimer pascal pasteur pauli perlman planck poincare ptolemy pythagoras raman ramanujan riemann ritchie rubin rutherford sagan salk schrodinger shannon stokes swartz tesla thompson torvalds turing volta wallace watt wien wiles wozniak wright wu yalow yonath zeno'.split(
    ' ',
  );
/** Nobody calls him that. */
const never = 'boring_wozniak';

/** `brave_curie`; from the second attempt on with a digit behind it. */
export function randomName(attempt: number): string {
  for (;;) {
    const name = `${pick(adjectives)}_${pick(surnames)}`;
    if (name !== never) return attempt === 0 ? name : `${name}${randomInt(10)}`;
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] as string;
}
