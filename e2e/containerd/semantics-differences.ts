/** Steps that ours answers otherwise than containerd 1.6 on purpose, and why. */
export const knownDifferences: {readonly [step: string]: string} = {
  'a label of it that is too long': 'a code that says what is wrong, instead of unknown',
  'what is left of it': 'the expected digest of an upload is told',
  'a commit that is right': 'the size that the commit announced is told',
  'an expected digest that is none': 'refused at once, as by 2.x, and not when everything has been sent',
  'content that matches size==5': 'filters know the size',
  'content that matches size~=^5': 'filters know the size',
  'commit of a view': 'a code that says what is wrong, instead of unknown',
  'a lease keeps images': 'possible since 2.0',
  'metrics by a broken filter': 'a code that says what is wrong, instead of unknown',
  'apply what is no layer': 'a code that says what is wrong, instead of unknown',
};
