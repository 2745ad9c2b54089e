/** Number texts of Go's fmt package, where JavaScript's own differ. */

/** `%.<precision>g`: at most that many significant digits, no trailing zeros, an exponent when it is large. */
export function formatGeneral(value: number, precision: number): string {
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : Number.isNaN(value) ? 'NaN' : '-Inf';
  const [mantissa = '', power = '0'] = value.toExponential(precision - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= precision) return `${stripZeros(mantissa)}e${goExponent(exponent)}`;
  return stripZeros(value.toFixed(Math.max(0, precision - 1 - exponent)));
}

/** `%v` of a float64: the shortest text that reads back, with an exponent from 1e21 on. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return formatGeneral(value, 1);
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 21) return `${mantissa}e${goExponent(exponent)}`;
  return value.toString();
}

function stripZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Go writes a sign and at least two digits. */
function goExponent(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`;
}
