import { logGamma, studentCritical } from './studentT.js';

/**
 * The smallest effect size d_z that a two-sided paired t-test on this many queries finds with the given power.
 * Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), section 2.3; power by the noncentral
 * t distribution.
 * @param count  queries, at least two
 * @param level  p below which a difference counts as found
 */
export function detectableEffect(count: number, { level = 0.05, power = 0.8 } = {}): number {
  const freedom = count - 1;
  const critical = studentCritical(level, freedom);
  const found = (effect: number) => powerOf(effect * Math.sqrt(count), critical, freedom);
  let [low, high] = [0, 1];
  while (found(high) < power) high *= 2;
  for (let halving = 0; halving < 30; halving++) {
    const middle = (low + high) / 2;
    if (found(middle) < power) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * How often |T| passes the critical value where T is noncentral t: (Z + shift) / s with s = sqrt(chi² / freedom),
 * integrated over s by Simpson's rule.
 */
function powerOf(shift: number, critical: number, freedom: number): number {
  const logScale = Math.log(2) + (freedom / 2) * Math.log(freedom / 2) - logGamma(freedom / 2);
  const density = (s: number) =>
    s <= 0 ? 0 : Math.exp(logScale + (freedom - 1) * Math.log(s) - (freedom * s * s) / 2);
  const beyond = (s: number) => normalBelow(shift - critical * s) + normalBelow(-shift - critical * s);
  // Twelve standard deviations of s, about 1 / sqrt(2 freedom), to each side of 1.
  const reach = 12 / Math.sqrt(2 * freedom);
  const [from, to] = [Math.max(0, 1 - reach), 1 + reach];
  const step = (to - from) / intervals;
  let sum = 0;
  for (let index = 0; index <= intervals; index++) {
    const s = from + index * step;
    const weight = index === 0 || index === intervals ? 1 : index % 2 === 1 ? 4 : 2;
    sum += weight * density(s) * beyond(s);
  }
  return (sum * step) / 3;
}

const intervals = 400;

/** Standard normal distribution function. Source: Numerical Recipes, third edition, erfc by Chebyshev, section 6.2.2. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 2 / (2 + x);
  const y = 4 * t - 2;
  let [d, dd] = [0, 0];
  for (let index = chebyshev.length - 1; index > 0; index--) [d, dd] = [y * d - dd + chebyshev[index]!, d];
  const tail = 0.5 * t * Math.exp(-x * x + 0.5 * (chebyshev[0]! + y * d) - dd);
  return z > 0 ? 1 - tail : tail;
}

const chebyshev = [
  -1.3026537197817094, 6.4196979235649026e-1, 1.9476473204185836e-2, -9.561514786808631e-3, -9.46595344482036e-4,
  3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6, 1.30365583558e-6, 1.5626441722e-8,
  -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10, -2.27365122e-10, 9.6467911e-11, 2.394038e-12,
  -6.886027e-12, 8.94487e-13, 3.13092e-13, -1.12708e-13, 3.81e-16, 7.106e-15,
];
