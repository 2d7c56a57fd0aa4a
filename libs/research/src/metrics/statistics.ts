/* Sums over plain columns of numbers. Undefined is null: too few values, or a division by nothing. */

export type Numbers = ArrayLike<number>

export function sum(values: Numbers): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i] as number
  return total
}
/** First index from `from` on whose value is greater; ascending values. */
export function firstAbove(values: Numbers, value: number, from = 0): number {
  let [low, high] = [from, values.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) <= value) low = middle + 1
    else high = middle
  }
  return low
}

export const mean = (values: Numbers): number | null => (values.length === 0 ? null : sum(values) / values.length)

/** sum((x - mean)^power). */
function centralSum(values: Numbers, power: 2 | 3 | 4): number {
  const centre = sum(values) / values.length
  let total = 0
  for (let i = 0; i < values.length; i++) total += ((values[i] as number) - centre) ** power
  return total
}

/** sum((x - mean)^2) / (n - ddof); `ddof` 1 = of a sample, 0 = of a population. */
export function variance(values: Numbers, ddof: 0 | 1 = 1): number | null {
  return values.length <= ddof ? null : centralSum(values, 2) / (values.length - ddof)
}
/**
 * Square root of the variance. What is left of rounding when all values are equal counts as 0: less than 1e-13 of the mean
 * is not a deviation of doubles.
 */
export function deviation(values: Numbers, ddof: 0 | 1 = 1): number | null {
  const found = variance(values, ddof)
  if (found === null) return null
  const root = Math.sqrt(found)
  return root <= 1e-13 * Math.abs(mean(values) ?? 0) ? 0 : root
}

/** a / b, null where either is undefined, b is 0, or the result is not finite. */
export function ratio(a: number | null, b: number | null): number | null {
  if (a === null || b === null || b === 0) return null
  return finite(a / b)
}
export const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)

/** Moments of the population: g1 = m3 / m2^1.5 and b2 = m4 / m2^2 (3 for a normal). */
export function momentRatios(values: Numbers): { skew: number; kurtosis: number } | null {
  const n = values.length
  const sd = deviation(values, 0)
  if (n < 2 || !sd) return null
  return { skew: centralSum(values, 3) / n / sd ** 3, kurtosis: centralSum(values, 4) / n / sd ** 4 }
}
/** Adjusted Fisher-Pearson: sqrt(n (n-1)) / (n-2) x g1, as pandas and spreadsheets. Null below 3 values. */
export function skewness(values: Numbers): number | null {
  const n = values.length
  const found = n < 3 ? null : momentRatios(values)
  return found && (Math.sqrt(n * (n - 1)) / (n - 2)) * found.skew
}
/** Excess over a normal, bias-corrected: (n-1) / ((n-2)(n-3)) x ((n+1)(b2 - 3) + 6). Null below 4 values. */
export function excessKurtosis(values: Numbers): number | null {
  const n = values.length
  const found = n < 4 ? null : momentRatios(values)
  return found && ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * (found.kurtosis - 3) + 6)
}

/** Linear between the two neighbours in rank, as numpy's default. */
export function quantile(values: Numbers, share: number): number | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const [a, b] = [sorted[low] as number, sorted[Math.min(low + 1, sorted.length - 1)] as number]
  return a + (b - a) * (at - low)
}

/** sum((x - mean x)(y - mean y)) / (n - 1). */
export function covariance(x: Numbers, y: Numbers): number | null {
  const n = Math.min(x.length, y.length)
  if (n < 2) return null
  const [mx, my] = [sum(x) / n, sum(y) / n]
  let total = 0
  for (let i = 0; i < n; i++) total += ((x[i] as number) - mx) * ((y[i] as number) - my)
  return total / (n - 1)
}

/** Distribution of the standard normal; error below 1.2e-7 would not do, so: erfc by continued fraction and series, 1e-15. */
export function normalCdf(x: number): number {
  const z = Math.abs(x)
  if (z > 38) return x > 0 ? 1 : 0
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
  let tail: number
  if (z < 5) {
    // Series: 1/2 + density x (z + z^3/3 + z^5/15 + ...)
    let [term, total] = [z, z]
    for (let k = 3; term > 1e-17 * total; k += 2) {
      term *= (z * z) / k
      total += term
    }
    tail = 0.5 - density * total
  } else {
    let fraction = 0
    for (let k = 60; k >= 1; k--) fraction = k / (z + fraction)
    tail = density / (z + fraction)
  }
  return x > 0 ? 1 - tail : tail
}

/** Inverse of `normalCdf` for 0 < p < 1, by bisection on the exact function. */
export function normalInverse(p: number): number {
  let [low, high] = [-38, 38]
  for (let i = 0; i < 120; i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
